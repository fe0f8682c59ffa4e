import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { registerApi, registerHealth, type Readiness } from './api/index.js'
import { FailureGuard, Hooks, PlainStreams } from './auth/index.js'
import {
  connectionLimits,
  gopCacheLimits,
  httpLimits,
  publisherLimits,
  servesTls,
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
  type OpenedRtc,
  WhipEndpoint,
  type PlayableKind,
} from './endpoints/webrtc/index.js'
import { loadEngine } from './engine.js'
import { Connections, Fanouts, StreamHub, type Stream } from './hub/index.js'
import {
  HttpServer,
  loadCertificate,
  PendingConnections,
  systemClock,
  TcpServer,
  TrustedProxies,
  watchCertificate,
  type CertificateSource,
} from './net/index.js'
import type { Log, Metrics } from './observe/index.js'
import { registerPages } from './pages.js'
import { childSpawner, Transcoder, transcodeOptions, type Wish } from './transcode/index.js'
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
  readonly #listeners = new Map<string, TcpServer | HttpServer>()
  #rtc: OpenedRtc | { readonly why: string } = { why: 'The server is starting.' }
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
    this.#hooks = makeHooks(config, log)
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
    const pending = new PendingConnections({ total: config.pendingConnections, perAddress: config.pendingPerAddress })
    const clientAddress = this.#proxies.clientAddress.bind(this.#proxies)
    this.#rtmp = new RtmpEndpoint(this.#environment, pending)
    this.#httpFlv = new HttpFlvEndpoint(this.#environment, clientAddress)
    this.#webSocketFlv = new WebSocketFlvEndpoint(this.#environment, clientAddress)
    const transcode = transcodeOptions(config)
    this.#transcoder = new Transcoder({ clock, log, spawn: childSpawner({ log }), transcode })
    this.#web = makeFastify()
    this.#admin = config.adminPort === undefined ? this.#web : makeFastify()
    this.#observe()
  }

  get ports(): Record<string, number> {
    return Object.fromEntries([...this.#listeners].map(([name, listener]) => [name, listener.port]))
  }

  async start(): Promise<void> {
    this.#transcoder.start()
    await this.#openRtc()
    await this.#registerRoutes()
    const { rtmpPort, httpPort, rtmpsPort, httpsPort, adminPort, host } = this.#config
    await this.#listenRtmp('rtmp', rtmpPort)
    await this.#listenHttp('http', httpPort, this.#web)
    if (adminPort !== undefined) await this.#listenHttp('admin', adminPort, this.#admin)
    const source = certificateSource(this.#config, host)
    if (source === undefined) return
    const tls = await loadCertificate(source)
    await this.#listenRtmp('rtmps', rtmpsPort, tls)
    await this.#listenHttp('https', httpsPort, this.#web, tls)
    this.#stopWatching = watchCertificate(source, () => void this.renewCertificate())
  }

  async renewCertificate(): Promise<void> {
    const source = certificateSource(this.#config, this.#config.host)
    if (source === undefined) return
    try {
      const tls = await loadCertificate(source)
      for (const listener of this.#listeners.values()) listener.renewCertificate(tls)
      this.#log.info({}, 'The certificate was read again')
    } catch (error) {
      this.#log.error({ error: String(error) }, 'The new certificate is not used: it cannot be read')
    }
  }

  async drain(): Promise<void> {
    this.#draining = true
    this.#forwards.close()
    for (const listener of this.#listeners.values()) listener.stopAccepting()
    await this.#letViewersGo()
    await this.close()
  }

  async close(): Promise<void> {
    this.#draining = true
    this.#stopWatching()
    this.#forwards.close()
    this.#hub.close('shutdown')
    for (const listener of this.#listeners.values()) listener.close()
    if ('gateway' in this.#rtc) this.#rtc.gateway.close()
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
      for (const viewer of viewers.slice(i, i + perStep)) viewer.kick()
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
      rtmpPort: () => this.#listeners.get('rtmp')?.port ?? this.#config.rtmpPort,
      httpPort: () => (this.#admin === this.#web ? undefined : this.#listeners.get('http')?.port),
      version: VERSION,
    })
    if ('gateway' in this.#rtc) await this.#registerRtc(this.#rtc)
    if (!(await registerPages(this.#web))) this.#log.warn({}, 'The pages are not built: run npm run build')
    await Promise.all([this.#web.ready(), this.#admin.ready()])
  }

  /** Without the native package, WebRTC is off and everything else runs. A port in use is an error all the same. */
  async #openRtc(): Promise<void> {
    const loaded = await loadEngine()
    if ('why' in loaded) {
      this.#rtc = loaded
      this.#log.warn(loaded, 'WebRTC is off')
      return
    }
    const { host, rtcPort, rtcAddress } = this.#config
    const rtc = await openRtc({
      ...{ engine: loaded.engine, host, port: rtcPort, announce: rtcAddress },
      ...{ clock: this.#environment.clock, log: this.#log },
      acceptPauseMs: connectionLimits.acceptPauseMs,
      highWaterMark: SOCKET_HIGH_WATER_MARK,
    })
    this.#rtc = rtc
    observeRtc(this.#metrics, rtc.gateway)
    this.#listeners.set('rtc', rtc.tcp)
  }

  async #registerRtc(rtc: OpenedRtc): Promise<void> {
    const { turnUrl, turnSecret } = this.#config
    const shared = {
      environment: this.#environment,
      gateway: rtc.gateway,
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
    const webrtc = 'why' in this.#rtc ? { on: false, why: this.#rtc.why } : { on: true }
    return { webrtc, ...Object.fromEntries(lanes) } as Readiness['parts']
  }

  async #listenRtmp(name: string, port: number, tls?: Awaited<ReturnType<typeof loadCertificate>>): Promise<void> {
    const listener = await TcpServer.listen({
      host: this.#config.host,
      port,
      ...(tls === undefined ? {} : { tls }),
      acceptPauseMs: connectionLimits.acceptPauseMs,
      highWaterMark: SOCKET_HIGH_WATER_MARK,
      onConnection: (socket) => this.#rtmp.handleConnection(socket),
      onError: (error) => this.#log.error({ listener: name, error: error.message }, 'A listener failed'),
    })
    this.#listeners.set(name, listener)
  }

  async #listenHttp(
    name: string,
    port: number,
    routes: FastifyInstance,
    tls?: Awaited<ReturnType<typeof loadCertificate>>,
  ): Promise<void> {
    const isPublic = routes === this.#web
    const listener = await HttpServer.listen({
      host: this.#config.host,
      port,
      ...(tls === undefined ? {} : { tls }),
      limits: httpLimits,
      highWaterMark: SOCKET_HIGH_WATER_MARK,
      onRequest: (request, response) => {
        if (!isPublic || !this.#httpFlv.handleRequest(request, response)) routes.routing(request, response)
      },
      onUpgrade: (request, socket, head) => isPublic && this.#webSocketFlv.handleUpgrade(request, socket, head),
    })
    this.#listeners.set(name, listener)
  }

  #observe(): void {
    const { connections } = this.#environment
    const lostHelp = 'on_unpublish notifications that were not delivered'
    this.#metrics.addCounter('hook_lost_total', lostHelp, () => this.#hooks?.lost ?? 0)
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

function makeHooks(config: Config, log: Log): Hooks | undefined {
  const { onPublish, onPlay, onUnpublish, hookSecret, secret } = config
  if (onPublish === undefined && onPlay === undefined && onUnpublish === undefined) return undefined
  return new Hooks(
    { onPublish, onPlay, onUnpublish, secret: hookSecret ?? secret },
    { nowMs: Date.now, newId: () => randomBytes(16).toString('hex'), log },
  )
}

function certificateSource(config: Config, host: string): CertificateSource | undefined {
  if (!servesTls(config)) return undefined
  if (config.tlsCert !== undefined && config.tlsKey !== undefined)
    return { kind: 'files', certPath: config.tlsCert, keyPath: config.tlsKey }
  return { kind: 'self-signed', host }
}
