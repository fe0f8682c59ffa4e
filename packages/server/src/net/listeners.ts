import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import type { ListeningClock } from './clock.js'
import type { FrontDoor, Guest } from './front-door.js'
import { HttpServer, type HttpLimits } from './http-server.js'
import type { ListeningPlace } from './listening-port.js'
import { TcpServer } from './tcp-server.js'

export interface ListenersOptions {
  /** Addresses of listeners without a configured one. */
  readonly host: string
  readonly door: FrontDoor
  readonly clock: Pick<ListeningClock, 'after'>
  readonly httpLimits: HttpLimits
  /** The client, if a trusted proxy names it. */
  clientAddress(request: IncomingMessage): string
  /** How long accepting pauses when the process has no file descriptor left. */
  readonly acceptPauseMs: number
  /** Bytes a socket may hold back before `write` asks to wait. */
  readonly highWaterMark: number
  onError(listener: string, error: Error): void
}

/** The handlers of an HTTP port. */
export interface HttpHandlers {
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** False if no handler takes the upgrade. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/** How a port is opened that is not like the others. */
export interface OpenTcpOptions {
  readonly tls?: TlsOptions | undefined
  /** Its certificate is not that of the server. */
  readonly hasOwnCertificate?: boolean
  /** Of this process alone, where several processes are one server and share the other ports. */
  readonly exclusive?: boolean
  /** Absent: the common address. */
  readonly host?: string | undefined
}

/** Every port this process listens on, by name. */
export class Listeners {
  readonly #options: ListenersOptions
  readonly #listeners = new Map<string, TcpServer | HttpServer>()
  /** Those whose certificate is not that of the server. */
  readonly #own = new Set<string>()

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  /** The ports in use; those of a name that is not open, or is a unix socket, are absent. */
  get ports(): Readonly<Record<string, number>> {
    const ports = [...this.#listeners].map(([name, listener]) => [name, listener.port] as const)
    return Object.fromEntries(ports.filter(([, port]) => port !== 0))
  }

  /** Whether the listener of that name is open, and reached from this machine only by the address that it really has. */
  isLoopback(name: string): boolean {
    return this.#listeners.get(name)?.isLoopback === true
  }

  /** Rejects when the port cannot be opened; port 0 selects a free one. */
  async openTcp(
    name: string,
    port: number,
    onConnection: (socket: Socket, guest: Guest) => void,
    { exclusive = false, hasOwnCertificate = false, host = this.#options.host, tls }: OpenTcpOptions = {},
  ): Promise<TcpServer> {
    if (hasOwnCertificate) this.#own.add(name)
    const place = { host, port, exclusive }
    const listener = await TcpServer.listen({ ...this.#common(name, place, tls), onConnection })
    this.#listeners.set(name, listener)
    return listener
  }

  /** The same for HTTP: a port of the common address, or a separate one. */
  async openHttp(
    name: string,
    at: number | ListeningPlace,
    handlers: HttpHandlers,
    tls?: SecureContextOptions,
  ): Promise<void> {
    const { clock, host, httpLimits: limits } = this.#options
    const clientAddress = (request: IncomingMessage): string => this.#options.clientAddress(request)
    const place = typeof at === 'number' ? { host, port: at } : at
    const common = { ...this.#common(name, place, tls), clientAddress, clock, limits }
    const listener = await HttpServer.listen({ ...common, ...handlers })
    this.#listeners.set(name, listener)
  }

  /** New connections use the new certificate; those that are open keep theirs. */
  renewCertificate(tls: SecureContextOptions): void {
    for (const [name, listener] of this.#listeners) if (!this.#own.has(name)) listener.renewCertificate(tls)
  }

  /** Stops accepting connections; open ones stay. Idempotent. */
  stopAccepting(): void {
    for (const listener of this.#listeners.values()) listener.stopAccepting()
  }

  /** Ends the connections that are left. */
  close(): void {
    for (const listener of this.#listeners.values()) listener.close()
  }

  #common(name: string, place: ListeningPlace, tls: TlsOptions | undefined) {
    const { acceptPauseMs, door, highWaterMark } = this.#options
    const onError = (error: Error): void => this.#options.onError(name, error)
    return { name, door, place, acceptPauseMs, highWaterMark, onError, ...(tls !== undefined && { tls }) }
  }
}
