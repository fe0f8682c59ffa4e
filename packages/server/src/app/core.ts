import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { FailureGuard, GateByApp, hooksOf, PlainStreams, Secrets, type Hooks } from '../auth/index.js'
import {
  checksEntries,
  connectionLimits,
  FairShare,
  gopCacheLimits,
  httpLimits,
  publisherLimits,
  socketLimits,
  viewerLimits,
} from '../config/index.js'
import { reservedApps, type EndpointEnvironment, type ServerConfig } from '../endpoints/index.js'
import { Connections, Fanouts, StreamHub } from '../hub/index.js'
import {
  FrontDoor,
  Listeners,
  parseUrl,
  PendingConnections,
  SocketWatch,
  systemClock,
  TrustedProxies,
  type PageRules,
  type TcpKernel,
} from '../net/index.js'
import { StateDirectory } from '../jobs/index.js'
import { Audit, type Log, type Metrics } from '../observe/index.js'
import type { ProcessSeat } from './process-seat.js'
import { childSpawner, Snapshots, Transcoder, transcodeOptions } from '../transcode/index.js'

export interface ServerServices {
  readonly log: Log
  readonly metrics: Metrics
  /** Called when the server should end: it is drained from afar, or must not go on. Default: it drains itself. */
  readonly requestStop?: (() => void) | undefined
  /** This process is one of several of the server. */
  readonly seat?: ProcessSeat | undefined
}

/** What every part of the server stands on. */
export interface Core extends ServerServices {
  readonly config: ServerConfig
  readonly clock: typeof systemClock
  readonly hub: StreamHub
  readonly connections: Connections
  readonly environment: EndpointEnvironment
  /** Plain streams, until rooms take their apps. */
  readonly gate: GateByApp
  readonly guard: FailureGuard
  readonly secrets: Secrets
  /** What the nodes of a cluster know each other by: the secret and the previous one. */
  readonly clusterSecrets: () => readonly string[]
  readonly audit: Audit
  /** Whose pages may use the public port. */
  readonly pages: PageRules
  readonly hooks: Hooks | undefined
  readonly proxies: TrustedProxies
  readonly pending: PendingConnections
  readonly sockets: SocketWatch
  readonly door: FrontDoor
  readonly transcoder: Transcoder
  readonly snapshots: Snapshots
  readonly listeners: Listeners
  /** Where media jobs outlive the server. */
  readonly state: StateDirectory
  readonly clientAddress: (request: IncomingMessage) => string
}

/** Bytes a player's socket may hold back before its frames queue one by one. */
const SOCKET_HIGH_WATER_MARK = 64 * 1024

/** Makes it; nothing is open yet. */
export function makeCore(config: ServerConfig, services: ServerServices, kernel: TcpKernel | undefined): Core {
  const { log, metrics, requestStop, seat } = services
  const clock = systemClock
  const hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits })
  hub.observe({ opened: () => metrics.streamOpened(), closed: () => metrics.streamClosed() })
  const guard = new FailureGuard(
    () => performance.now(),
    (ms) => delay(ms),
  )
  const secrets = new Secrets(config)
  const audit = new Audit(log)
  const hooks = hooksOf(config, secrets, { nowMs: Date.now, clock, newId: () => randomBytes(16).toString('hex'), log })
  const plain = { ...config, reservedApps: reservedApps(config) }
  const gate = new GateByApp(new PlainStreams(plain, { nowMs: Date.now, guard, hooks, secrets, audit }))
  const transcoder = new Transcoder({ clock, log, spawn: childSpawner({ log }), transcode: transcodeOptions(config) })
  const proxies = new TrustedProxies(config.trustProxy)
  const connections = new Connections()
  const pending = new PendingConnections({
    total: config.pendingConnections,
    perAddress: config.pendingPerAddress,
    totalBytes: connectionLimits.unauthorisedTotalBytes,
  })
  const sockets = new SocketWatch({
    ...{ clock, limits: socketLimits, kernel },
    onCut: (listener, reason) => log.info({ listener, reason }, 'A connection was closed: its peer does not read'),
  })
  const door = new FrontDoor({
    ...{ clock, proxies, pending, watch: sockets, places: new FairShare(config.connections) },
    handshakeMicros: connectionLimits.handshakeMicros,
  })
  const clientAddress = (request: IncomingMessage): string => proxies.clientAddress(request)
  const listeners = new Listeners({
    ...{ host: config.host, httpLimits, highWaterMark: SOCKET_HIGH_WATER_MARK, door, clock, clientAddress },
    acceptPauseMs: connectionLimits.acceptPauseMs,
    onError: (listener, error) => log.error({ listener, error: error.message }, 'A listener failed'),
  })
  return {
    ...{
      config,
      log,
      metrics,
      requestStop,
      seat,
      clock,
      hub,
      connections,
      gate,
      guard,
      hooks,
      proxies,
      transcoder,
      listeners,
    },
    clusterSecrets: () => (secrets.secret.length === 0 && seat !== undefined ? [seat.secret] : secrets.secret),
    ...{ secrets, audit, pages: pageRulesOf(config) },
    snapshots: new Snapshots({ clock, process: transcoder.process('video') }),
    ...{ clientAddress, door, pending, sockets, state: StateDirectory.open(config.stateDir, log) },
    environment: {
      ...{ hub, gate, connections, clock, log, metrics, viewerLimits, fanouts: new Fanouts() },
      sourceFor: transcoder.sourceFor,
      bridgeOf: transcoder.bridge,
      newConnectionId: () => randomBytes(9).toString('base64url'),
    },
  }
}

/** Names of ours are those that the operator gave away: in addresses, as the one to listen on, and of other pages. */
function pageRulesOf(config: ServerConfig): PageRules {
  const { allowOrigin: allowed, publicUrl, host } = config
  const ofProtocols = config.protocols.map((protocol) => protocol.publicUrl)
  const addresses = [publicUrl, ...ofProtocols, ...allowed].filter((url) => url !== undefined)
  const names = [host.toLowerCase(), ...addresses.flatMap((url) => parseUrl(url)?.hostname ?? [])]
  return { allowed, publicUrl, names, isOpen: !checksEntries(config) || config.demo }
}
