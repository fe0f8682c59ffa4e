import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { ClusterPart } from './app/cluster.js'
import { makeCore, type Core, type ServerServices } from './app/core.js'
import { observeCore, observeRooms } from './app/observe.js'
import { answerRefusal, refusePublic } from './app/public-door.js'
import { Opened } from './app/opened.js'
import { PullsPart } from './app/pulls.js'
import { PushesPart } from './app/pushes.js'
import { openRecordings } from './app/record.js'
import { RoomsPart } from './app/rooms.js'
import { Web } from './app/web.js'
import { shutdownLimits, type Config } from './config/index.js'
import type { Recordings } from './record/index.js'
import type { ServerConfig } from './endpoints/index.js'
import {
  certificateSourceOf,
  isHostAllowed,
  loadCertificate,
  loadTcpKernel,
  refuseUpgrade,
  watchCertificate,
  type HttpHandlers,
} from './net/index.js'

export type { ServerServices } from './app/core.js'
export type { ProcessSeat } from './app/process-seat.js'

export interface RunningServer {
  /** The ports in use, by name: `rtmp`, `http`, `rtc`, `https`, `rtmps`, `admin`. */
  readonly ports: Readonly<Record<string, number>>
  /** The name of this node in its cluster. */
  readonly node: string | undefined
  /** Creates a room, if it does not exist, for a user who may enter but not create it. Throws a sentence. */
  openRoom(roomId: string): void
  /** Reads the certificate files again; connections that are open keep theirs. */
  renewCertificate(): Promise<void>
  /** From now on the secrets of this configuration hold; nothing else of it is looked at. */
  renewSecrets(config: Config): void
  /**
   * Refuses new publishers, viewers and members, and says by `/readyz` that it is not ready; after `noticeMs` (default 0)
   * lets viewers go over a few seconds, then closes. Questions are answered until then.
   */
  drain(noticeMs?: number): Promise<void>
  /** Closes at once. Idempotent. */
  close(): Promise<void>
}

/** Builds the server as ARCHITECTURE.md draws it and starts listening. Rejects with a sentence when it cannot. */
export async function startServer(config: ServerConfig, services: ServerServices): Promise<RunningServer> {
  const app = new App(makeCore(config, services, await loadTcpKernel()))
  try {
    await app.start()
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

class App implements RunningServer {
  readonly #core: Core
  readonly #opened: Opened
  readonly #web: Web
  #cluster: ClusterPart | undefined
  #rooms: RoomsPart | undefined
  #pulls: PullsPart | undefined
  #pushes: PushesPart | undefined
  #recordings: Recordings | undefined
  #stopWatching: () => void = () => undefined
  #draining = false
  readonly #stopWarning: () => void

  constructor(core: Core) {
    const { clock, log } = core
    this.#core = core
    this.#opened = new Opened(core)
    this.#web = new Web(core)
    observeCore(core)
    this.#stopWarning = clock.onStoodStill((micros) => {
      log.warn({ stoodStillMs: Math.round(micros / 1000) }, 'The server stood still; client timeouts are extended')
    })
  }

  get ports(): Readonly<Record<string, number>> {
    return this.#core.listeners.ports
  }

  get node(): string | undefined {
    return this.#cluster?.id
  }

  async start(): Promise<void> {
    const { audit, clientAddress, config, environment, listeners, pages, sockets, transcoder } = this.#core
    transcoder.start()
    this.#cluster = await ClusterPart.open(this.#core, { stop: () => this.#stopSoon() })
    const source = certificateSourceOf(config)
    const tls = source && (await loadCertificate(source))
    const nodes = this.#cluster?.others
    await this.#opened.open({ ...environment, audit, clientAddress, listeners, nodes, pages, sockets, tls })
    const rooms = (this.#rooms = new RoomsPart(this.#core, this.#opened, this.#cluster))
    const pulls = (this.#pulls = new PullsPart(this.#core, rooms))
    const pushes = (this.#pushes = new PushesPart(this.#core, rooms))
    const recordings = (this.#recordings = openRecordings(this.#core, rooms))
    observeRooms(this.#core, rooms)
    await this.#web.register({
      ...{ rooms, pulls, pushes, recordings, opened: this.#opened, cluster: this.#cluster },
      isDraining: () => this.#draining,
    })
    await this.#opened.listen()
    await this.#listen(tls)
    recordings?.open()
    pulls.open()
    pushes.open()
    if (source !== undefined) this.#stopWatching = watchCertificate(source, () => void this.renewCertificate())
  }

  openRoom(roomId: string): void {
    this.#rooms?.rooms.open(roomId)
  }

  async renewCertificate(): Promise<void> {
    const { config, listeners, log } = this.#core
    const source = certificateSourceOf(config)
    if (source === undefined) return
    try {
      listeners.renewCertificate(await loadCertificate(source))
      log.info({}, 'The certificate was reloaded')
    } catch (error) {
      log.error({ error: String(error) }, 'The new certificate is not used: it cannot be read')
    }
  }

  renewSecrets(config: Config): void {
    this.#core.secrets.replace(config)
    this.#cluster?.renewSecrets()
  }

  async drain(noticeMs = 0): Promise<void> {
    this.#draining = true
    this.#cluster?.leave()
    this.#core.gate.drain()
    this.#rooms?.rooms.takeNobody()
    await delay(noticeMs)
    this.#opened.drain()
    this.#pushes?.close()
    await this.#rooms?.drain()
    await this.#letViewersGo()
    await this.close()
  }

  async close(): Promise<void> {
    const { hooks, hub, listeners, sockets, state, transcoder } = this.#core
    this.#draining = true
    this.#stopWatching()
    this.#stopWarning()
    this.#opened.drain()
    this.#pulls?.close()
    this.#pushes?.close()
    const recorded = this.#recordings?.close()
    this.#rooms?.close()
    hub.close('shutdown')
    listeners.close()
    sockets.close()
    this.#opened.close()
    transcoder.close()
    await Promise.all([this.#web.close(), hooks?.close(), this.#cluster?.close(), recorded])
    state.close()
  }

  /** Whoever runs the server is asked to stop it as by a signal; a server that runs alone drains itself. */
  #stopSoon(): void {
    const { requestStop = () => void this.drain() } = this.#core
    if (!this.#draining) requestStop()
  }

  /** What goes by HTTP: the pages, REST, signaling, and protocols without a port of their own. */
  async #listen(tls: SecureContextOptions | undefined): Promise<void> {
    const { config, listeners } = this.#core
    const { httpPort, httpsPort } = config
    if (httpPort !== 'off') await listeners.openHttp('http', httpPort, this.#publicHandlers())
    await this.#listenAside()
    if (tls !== undefined) await listeners.openHttp('https', httpsPort, this.#publicHandlers(), tls)
  }

  /** REST on separate listeners. A port without an address listens on this machine only. */
  async #listenAside(): Promise<void> {
    const { config, listeners } = this.#core
    const { adminPort: port, adminHost: host = '127.0.0.1', adminSocket: path } = config
    const { admin, adminSocket } = this.#web
    if (admin !== undefined && port !== undefined)
      await listeners.openHttp('admin', { host, port }, restHandlers(admin))
    if (adminSocket !== undefined && path !== undefined)
      await listeners.openHttp('admin-socket', { path }, restHandlers(adminSocket))
  }

  #publicHandlers(): HttpHandlers {
    const { pages, config } = this.#core
    return {
      onRequest: (request, response) => {
        const refusal = refusePublic(request, pages, config, this.#opened)
        if (refusal !== undefined) answerRefusal(response, refusal)
        else if (!this.#opened.handleRequest(request, response)) this.#web.public.routing(request, response)
      },
      onUpgrade: (request, socket, head) => {
        if (isHostAllowed(request, pages)) return this.#upgrade(request, socket, head)
        refuseUpgrade(socket, '403 Forbidden', 'The name that was asked for is none of this server.')
        return true
      },
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return (
      this.#opened.handleUpgrade(request, socket, head) ||
      this.#rooms?.signaling.handleUpgrade(request, socket, head) === true
    )
  }

  /** A few at a time, so that they do not all come back to the next server at once. */
  async #letViewersGo(): Promise<void> {
    const viewers = this.#core.connections.list().filter((connection) => connection.role === 'viewer')
    const stepMs = 100
    const steps = Math.max(1, Math.min(shutdownLimits.drainJitterMs / stepMs, Math.floor(viewers.length / 10)))
    const perStep = Math.ceil(viewers.length / steps)
    for (let i = 0; i < viewers.length; i += perStep) {
      for (const viewer of viewers.slice(i, i + perStep)) viewer.kick('shutdown')
      if (i + perStep < viewers.length) await delay(stepMs)
    }
  }
}

function restHandlers(web: FastifyInstance): HttpHandlers {
  return { onRequest: (request, response) => web.routing(request, response), onUpgrade: () => false }
}
