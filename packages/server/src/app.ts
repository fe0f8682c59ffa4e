import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { registerApi, registerHealth, type Readiness } from './api/index.js'
import { FailureGuard, hooksOf, PlainStreams, type Hooks } from './auth/index.js'
import {
  connectionLimits,
  gopCacheLimits,
  httpLimits,
  publisherLimits,
  shutdownLimits,
  viewerLimits,
  type Config,
} from './config/index.js'
import type { EndpointEnvironment } from './endpoints/environment.js'
import { HttpFlvEndpoint, WebSocketFlvEndpoint } from './endpoints/http-flv/index.js'
import { RtmpEndpoint, RtmpForwards } from './endpoints/rtmp/index.js'
import {
  iceServerLinks,
  observeRtc,
  openRtc,
  RtcSessions,
  WhepEndpoint,
  type MakePlayable,
  type RtcGateway,
  WhipEndpoint,
  type PlayableKind,
} from './endpoints/webrtc/index.js'
import { loadEngine } from './engine.js'
import { Connections, Fanouts, StreamHub, type Stream } from './hub/index.js'
import {
  certificateSourceOf,
  Listeners,
  loadCertificate,
  PendingConnections,
  systemClock,
  TrustedProxies,
  watchCertificate,
  type HttpHandlers,
} from './net/index.js'
import type { Log, Metrics } from './observe/index.js'
import { registerPages } from './pages.js'
import {
  addTranscodeMetrics,
  childSpawner,
  derivedInfo,
  Transcoder,
  transcodeOptions,
  type Wish,
} from './transcode/index.js'
import { VERSION } from './version.js'

/** Bytes a player's socket may hold back before its frames queue one by one. */
const SOCKET_HIGH_WATER_MARK = 64 * 1024

/** What the two kinds of browsers take (see PlayableKind). RTP has no place for decoding times. */
const WISHES: Record<PlayableKind, Wish> = {
  'webrtc-h264': { name: 'webrtc-h264', audio: ['opus'], video: ['h264'], reordered: false },
  'webrtc-vp8': { name: 'webrtc-vp8', audio: ['opus'], video: ['vp8'], reordered: false },
}

/** What players of FLV and RTMP take of a stream that did not come in as FLV. */
const FLV_WISH: Wish = { name: 'flv', audio: ['aac', 'mp3'], video: ['h264', 'h265'], reordered: true }

export interface RunningServer {
  /** The ports in use, by name: `rtmp`, `http`, `rtc`, `https`, `rtmps`, `admin`. */
  readonly ports: Readonly<Record<string, number>>
  /** Reads the certificate files again; connections that are open keep theirs. */
  renewCertificate(): Promise<void>
  /** Takes nothing new, lets viewers go over a few seconds, then closes. */
  drain(): Promise<void>
  /** Closes at once. Idempotent. */
  close(): Promise<void>
}

export interface ServerServices {
  readonly log: Log
  readonly metrics: Metrics
}

/** Builds the server as ARCHITECTURE.md draws it and starts listening. Rejects with a sentence when it cannot. */
export async function startServer(config: Config, services: ServerServices): Promise<RunningServer> {
  const app = new App(config, services)
  try {
    await app.start()
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

class App implements RunningServer {
  readonly #config: Config
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #hub: StreamHub
  readonly #forwards: RtmpForwards
  readonly #proxies: TrustedProxies
  readonly #guard: FailureGuard
  readonly #hooks: Hooks | undefined
  readonly #environment: EndpointEnvironment
  readonly #rtmp: RtmpEndpoint
  readonly #httpFlv: HttpFlvEndpoint
  readonly #webSocketFlv: WebSocketFlvEndpoint
  readonly #transcoder: Transcoder
  readonly #listeners: Listeners
  #gateway: RtcGateway | undefined
  /** Why there is no WebRTC. */
  #rtcOff = 'The server is starting.'
  readonly #web: FastifyInstance
  readonly #admin: FastifyInstance
  #stopWatching: () => void = () => undefined
  #draining = false

  constructor(config: Config, { log, metrics }: ServerServices) {
    this.#config = config
    this.#log = log
    this.#metrics = metrics
    const clock = systemClock
    this.#hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits }, metrics)
    this.#proxies = new TrustedProxies(config.trustProxy)
    this.#guard = new FailureGuard(
      () => performance.now(),
      (ms) => delay(ms),
    )
    this.#hooks = hooksOf(config, { nowMs: Date.now, newId: () => randomBytes(16).toString('hex'), log })
    this.#environment = {
      hub: this.#hub,
      gate: new PlainStreams(config, { nowMs: Date.now, guard: this.#guard, hooks: this.#hooks }),
      fanouts: new Fanouts(),
      connections: new Connections(),
      clock,
      log,
      metrics,
      viewerLimits,
      flvSourceOf: (stream) => (cameAsFlv(stream) ? stream : this.#transcoder.derive(stream, FLV_WISH)),
      newConnectionId: () => randomBytes(9).toString('base64url'),
    }
    this.#forwards = new RtmpForwards(this.#hub, clock, log)
    const pending = new PendingConnections({
      total: config.pendingConnections,
      perAddress: config.pendingPerAddress,
      totalBytes: connectionLimits.unauthorisedTotalBytes,
    })
    const clientAddress = this.#proxies.clientAddress.bind(this.#proxies)
    this.#rtmp = new RtmpEndpoint(this.#environment, pending)
    this.#httpFlv = new HttpFlvEndpoint(this.#environment, clientAddress)
    this.#webSocketFlv = new WebSocketFlvEndpoint(this.#environment, clientAddress)
    const transcode = transcodeOptions(config)
    this.#transcoder = new Transcoder({ clock, log, spawn: childSpawner({ log }), transcode })
    this.#listeners = new Listeners({
      ...{ host: config.host, httpLimits, highWaterMark: SOCKET_HIGH_WATER_MARK },
      acceptPauseMs: connectionLimits.acceptPauseMs,
      onError: (listener, error) => log.error({ listener, error: error.message }, 'A listener failed'),
    })
    this.#web = makeFastify()
    this.#admin = config.adminPort === undefined ? this.#web : makeFastify()
    this.#observe()
  }

  get ports(): Readonly<Record<string, number>> {
    return this.#listeners.ports
  }

  async start(): Promise<void> {
    this.#transcoder.start()
    await this.#openRtc()
    await this.#registerRoutes()
    const { rtmpPort, httpPort, rtmpsPort, httpsPort, adminPort } = this.#config
    const acceptRtmp = (socket: Socket) => this.#rtmp.handleConnection(socket)
    await this.#listeners.openTcp('rtmp', rtmpPort, acceptRtmp)
    await this.#listeners.openHttp('http', httpPort, this.#publicHandlers())
    if (adminPort !== undefined) await this.#listeners.openHttp('admin', adminPort, this.#adminHandlers())
    const source = certificateSourceOf(this.#config)
    if (source === undefined) return
    const tls = await loadCertificate(source)
    await this.#listeners.openTcp('rtmps', rtmpsPort, acceptRtmp, tls)
    await this.#listeners.openHttp('https', httpsPort, this.#publicHandlers(), tls)
    this.#stopWatching = watchCertificate(source, () => void this.renewCertificate())
  }

  async renewCertificate(): Promise<void> {
    const source = certificateSourceOf(this.#config)
    if (source === undefined) return
    try {
      this.#listeners.renewCertificate(await loadCertificate(source))
      this.#log.info({}, 'The certificate was read again')
    } catch (error) {
      this.#log.error({ error: String(error) }, 'The new certificate is not used: it cannot be read')
    }
  }

  async drain(): Promise<void> {
    this.#draining = true
    this.#forwards.close()
    this.#listeners.stopAccepting()
    await this.#letViewersGo()
    await this.close()
  }

  async close(): Promise<void> {
    this.#draining = true
    this.#stopWatching()
    this.#forwards.close()
    this.#hub.close('shutdown')
    this.#listeners.close()
    this.#gateway?.close()
    this.#transcoder.close()
    await Promise.all([this.#web.close(), this.#admin.close(), this.#hooks?.close()])
  }

  /** A few at a time, so that they do not all come back to the next server at once. */
  async #letViewersGo(): Promise<void> {
    const viewers = this.#environment.connections.list().filter((connection) => connection.role === 'viewer')
    const stepMs = 100
    const steps = Math.max(1, Math.min(shutdownLimits.drainJitterMs / stepMs, Math.floor(viewers.length / 10)))
    const perStep = Math.ceil(viewers.length / steps)
    for (let i = 0; i < viewers.length; i += perStep) {
      for (const viewer of viewers.slice(i, i + perStep)) viewer.kick('shutdown')
      if (i + perStep < viewers.length) await delay(stepMs)
    }
  }

  async #registerRoutes(): Promise<void> {
    const { publicUrl, publicRtmpUrl, apiKey, secret, forwardPrivate } = this.#config
    const readiness = (): Readiness => ({ ready: !this.#draining, parts: this.#parts() })
    registerHealth(this.#web, readiness)
    if (this.#admin !== this.#web) registerHealth(this.#admin, readiness)
    await registerApi(this.#admin, {
      hub: this.#hub,
      connections: this.#environment.connections,
      clock: this.#environment.clock,
      nowMs: Date.now,
      derivedOf: (key) => derivedInfo(this.#transcoder, key),
      log: this.#log,
      metrics: this.#metrics,
      guard: this.#guard,
      proxies: this.#proxies,
      forwards: this.#forwards,
      forwardPrivate,
      apiKey,
      secret,
      publicUrl,
      publicRtmpUrl,
      rtmpPort: () => this.ports['rtmp'] ?? this.#config.rtmpPort,
      httpPort: () => (this.#admin === this.#web ? undefined : this.ports['http']),
      version: VERSION,
    })
    if (this.#gateway !== undefined) await this.#registerRtc(this.#gateway)
    if (!(await registerPages(this.#web))) this.#log.warn({}, 'The pages are not built: run npm run build')
    await Promise.all([this.#web.ready(), this.#admin.ready()])
  }

  /** Without the native package, WebRTC is off and everything else runs. A port in use is an error all the same. */
  async #openRtc(): Promise<void> {
    const loaded = await loadEngine()
    if ('why' in loaded) {
      this.#rtcOff = loaded.why
      this.#log.warn(loaded, 'WebRTC is off')
      return
    }
    const { host, rtcPort: port, rtcAddress: announce } = this.#config
    const { clock } = this.#environment
    this.#gateway = await openRtc({ engine: loaded.engine, host, port, announce, clock, listeners: this.#listeners })
    observeRtc(this.#metrics, this.#gateway)
  }

  async #registerRtc(gateway: RtcGateway): Promise<void> {
    const { turnUrl, turnSecret } = this.#config
    const shared = {
      environment: this.#environment,
      gateway,
      sessions: new RtcSessions(),
      clientAddress: (request: FastifyRequest) => this.#proxies.clientAddress(request.raw),
      links: () => iceServerLinks({ urls: turnUrl, secret: turnSecret }, Date.now()),
    }
    const makePlayable: MakePlayable = (stream, kind) => this.#transcoder.derive(stream, WISHES[kind])
    await new WhepEndpoint({ ...shared, makePlayable }).register(this.#web)
    await new WhipEndpoint(shared).register(this.#web)
  }

  #parts(): Readiness['parts'] {
    const lanes = this.#transcoder.lanes.map(({ lane, state, engine, reasons }) => [
      `codecs-${lane}`,
      engine === undefined ? { on: false, why: reasons.join(' ') || state } : { on: true },
    ])
    const webrtc = this.#gateway === undefined ? { on: false, why: this.#rtcOff } : { on: true }
    return { webrtc, ...Object.fromEntries(lanes) } as Readiness['parts']
  }

  #publicHandlers(): HttpHandlers {
    return {
      onRequest: (request, response) => {
        if (!this.#httpFlv.handleRequest(request, response)) this.#web.routing(request, response)
      },
      onUpgrade: (request, socket, head) => this.#webSocketFlv.handleUpgrade(request, socket, head),
    }
  }

  #adminHandlers(): HttpHandlers {
    return {
      onRequest: (request, response) => this.#admin.routing(request, response),
      onUpgrade: () => false,
    }
  }

  #observe(): void {
    const { connections } = this.#environment
    const lostHelp = 'on_unpublish notifications that were not delivered'
    this.#metrics.addCounter('hook_lost_total', lostHelp, () => this.#hooks?.lost ?? 0)
    addTranscodeMetrics(this.#metrics, this.#transcoder)
    this.#metrics.watchStreams(() =>
      this.#hub.list().map((stream) => {
        const viewers = connections.list(stream.key).filter((connection) => connection.role === 'viewer')
        const bytesOut = viewers.reduce((sum, viewer) => sum + viewer.bytes(), 0)
        return { key: stream.key, viewers: viewers.length, bytesIn: stream.bytesIn, bytesOut }
      }),
    )
  }
}

/** Routes only: the listeners are our own, so that one set of routes serves the plain and the TLS port. */
function makeFastify(): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: httpLimits.bodyBytes,
    routerOptions: { ignoreTrailingSlash: true },
  })
}

/** FLV in is FLV out, byte for byte, whatever its codecs: who published Opus over RTMP has players for it. */
function cameAsFlv({ tracks }: Stream): boolean {
  return [tracks.video, tracks.audio].every((config) => config === undefined || config.flvSpelling !== undefined)
}
