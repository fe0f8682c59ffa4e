import type { Micros } from '@crossroom/media'
import { deriveKey } from '../auth/index.js'
import {
  loadRelaySecurity,
  Relay,
  StreamRelays,
  type Nodes,
  type RelaySecurity,
  type RelaySecurityOption,
  type StreamLocations,
} from '../cluster/index.js'
import { ConfigError, type Config } from '../config/index.js'
import type { Metrics } from '../observe/index.js'
import type { Core } from './core.js'

const LOOPBACK = '127.0.0.1'

/** Media from and to the other nodes: the listener of this one, its links, and the streams that it pulls. */
export class NodeRelay {
  /** In use. */
  readonly port: number
  /** Of the certificate; undefined without a pinned one. */
  readonly fingerprint: string | undefined
  readonly #core: Core
  readonly #relay: Relay
  #streams: StreamRelays | undefined

  private constructor(core: Core, relay: Relay, port: number, { fingerprint }: RelaySecurity) {
    this.#core = core
    this.#relay = relay
    this.port = port
    this.fingerprint = fingerprint
  }

  /**
   * Listens; nobody is served before `start`.
   * @throws ConfigError, and what `listen` of `node:net` throws
   */
  static async open(core: Core): Promise<NodeRelay> {
    const { clock, config, hub, listeners, log, clusterSecrets, sockets } = core
    const security = await loadRelaySecurity(securityOf(config)).catch((error: Error) => {
      throw new ConfigError(`--relay-security mtls: ${error.message}`)
    })
    const keys = (): string[] => clusterSecrets().map((secret) => deriveKey(secret, 'node-relay'))
    // Processes of one machine alone are nobody else's business.
    const host = core.seat?.engine === undefined ? undefined : LOOPBACK
    const relay = new Relay({ hub, clock, log, listeners, sockets, keys, security, random: Math.random })
    return new NodeRelay(core, relay, await relay.listen(config.relayPort, host), security)
  }

  /** This node is in the cluster. */
  start(nodes: Nodes, locations: StreamLocations): void {
    const { clock, hub, metrics } = this.#core
    this.#relay.start({ tag: nodes.tag, instance: nodes.own.instance }, nodes)
    this.#streams = new StreamRelays({
      ...{ tag: nodes.tag, hub, clock, locations },
      link: (tag) => this.#relay.link(tag),
    })
    hub.addResolver(this.#streams)
    addRelayMetrics(metrics, this.#relay, (tag) => nodes.get(tag)?.record.id ?? tag)
  }

  isLinked(tag: string): boolean {
    return this.#relay.isOpen(tag)
  }

  /** Idempotent. */
  close(): void {
    this.#streams?.close()
    this.#relay.close()
  }
}

function securityOf({ relayCa, relayCert, relayKey, relaySecurity }: Config): RelaySecurityOption {
  if (relaySecurity !== 'mtls') return { kind: relaySecurity }
  // The configuration has all three.
  return { kind: 'mtls', certPath: relayCert!, keyPath: relayKey!, caPath: relayCa! }
}

/** By the id of the other node. */
function addRelayMetrics(metrics: Metrics, relay: Relay, idOf: (tag: string) => string): void {
  type Status = ReturnType<Relay['list']>[number]
  const seconds = (micros: Micros | undefined): number => (micros ?? 0) / 1_000_000
  const each = (value: (status: Status) => number) => () =>
    relay.list().map((status) => ({ labels: { node: idOf(status.node) }, value: value(status) }))
  const gauge = (name: string, help: string, value: (status: Status) => number): void =>
    metrics.addGauge(`relay_${name}`, help, each(value), ['node'])
  const counter = (name: string, help: string, value: (status: Status) => number): void =>
    metrics.addCounter(`relay_${name}_total`, help, each(value), ['node'])
  gauge('link_open', 'Whether the link to another node is open', ({ isOpen }) => Number(isOpen))
  gauge('round_trip_seconds', 'Round trip of the link to another node', ({ rtt }) => seconds(rtt))
  gauge('clock_error_seconds', 'Greatest error of times from another node', ({ clockError }) => seconds(clockError))
  gauge('pulled_streams', 'Streams that come from another node', ({ pulled }) => pulled)
  gauge('served_streams', 'Streams that go to another node', ({ served }) => served)
  gauge('queued_bytes', 'Bytes that wait to go to another node', ({ queuedBytes }) => queuedBytes)
  counter('received_bytes', 'Bytes of media from another node', ({ bytesIn }) => bytesIn)
  counter('sent_bytes', 'Bytes of media to another node', ({ bytesOut }) => bytesOut)
  counter('dropped_frames', 'Frames that another node read too slowly to get', ({ droppedFrames }) => droppedFrames)
}
