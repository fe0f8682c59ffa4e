import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import type { ListeningClock } from './clock.js'
import type { FrontDoor, Guest } from './front-door.js'
import { HttpVisit, type HttpVisitLimits } from './http-visit.js'
import { ListeningPort, type ListeningPortOptions } from './listening-port.js'

export interface HttpLimits extends HttpVisitLimits {
  readonly keepAliveTimeoutMs: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
}

export interface HttpListenOptions extends ListeningPortOptions {
  /** Of the listener, for limits and metrics. */
  readonly name: string
  readonly door: FrontDoor
  readonly clock: Pick<ListeningClock, 'after'>
  /** The client, if a trusted proxy names it. */
  clientAddress(request: IncomingMessage): string
  /** With it the server speaks TLS. */
  readonly tls?: SecureContextOptions
  readonly limits: HttpLimits
  /** Bytes a socket may hold back before `write` asks to wait. */
  readonly highWaterMark: number
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** False if no handler takes the upgrade: the socket is then closed with 404. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/** A listening HTTP or HTTPS port with the product's limits. */
export class HttpServer {
  readonly #server: Server | TlsServer
  readonly #tls: TlsServer | undefined
  readonly #port: ListeningPort
  readonly #options: HttpListenOptions
  readonly #visits = new WeakMap<Duplex, HttpVisit>()

  private constructor(options: HttpListenOptions) {
    this.#options = options
    const { door, limits, name } = options
    const serverOptions = {
      // The deadlines are a visit's: Node's own would count a stall of ours.
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
      highWaterMark: options.highWaterMark,
      noDelay: true,
    }
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#handleRequest(request, response)
    if (options.tls === undefined) {
      this.#server = createServer(serverOptions, onRequest)
      this.#server.prependListener('connection', (socket: Socket) =>
        this.#visit(socket, door.enter(socket, name, false)),
      )
    } else {
      this.#tls = createTlsServer({ ...serverOptions, ...options.tls, handshakeTimeout: 0 }, onRequest)
      this.#tls.prependListener('connection', (socket: Socket) => void door.enter(socket, name, true))
      this.#tls.prependListener('secureConnection', (socket) => this.#visit(socket, door.shookHands(socket)))
      // Before the server's own listener, which would send an answer that the client cannot read.
      this.#tls.prependListener('tlsClientError', (_error, socket) => socket.destroy())
      this.#server = this.#tls
    }
    // Node silently drops headers beyond its limit. One more than allowed shows that there were too many.
    this.#server.maxHeadersCount = limits.maxHeaders + 1
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy())
      this.#visits.get(socket)?.upgraded()
      if (hasTooManyHeaders(request, limits)) {
        refuseUpgrade(socket, TOO_MANY_HEADERS, 'The request has too many headers.')
        return
      }
      const leave = this.#admit(request)
      if (leave === undefined) {
        refuseUpgrade(socket, '429 Too Many Requests', TOO_MANY)
        return
      }
      socket.once('close', leave)
      if (options.onUpgrade(request, socket, head)) return
      refuseUpgrade(socket, '404 Not Found', 'There is no WebSocket at this address.')
    })
    this.#server.on('clientError', refuseBadRequest)
    this.#port = new ListeningPort(this.#server, options)
  }

  /** Rejects when the port cannot be opened. */
  static async listen(options: HttpListenOptions): Promise<HttpServer> {
    const server = new HttpServer(options)
    await server.#port.listen()
    return server
  }

  get port(): number {
    return this.#port.number
  }

  /** Whether only programs on this machine can reach it. */
  get isLoopback(): boolean {
    return this.#port.isLoopback
  }

  /** New connections use the new certificate; those that are open keep theirs. */
  renewCertificate(tls: SecureContextOptions): void {
    this.#tls?.setSecureContext(tls)
  }

  /** Stops accepting connections; open ones stay. Idempotent. */
  stopAccepting(): void {
    this.#port.close()
    this.#server.closeIdleConnections()
  }

  /** Ends the connections that are left. */
  close(): void {
    this.stopAccepting()
    this.#server.closeAllConnections()
  }

  #visit(socket: Socket, guest: Guest | undefined): void {
    const { clock, limits } = this.#options
    if (guest === undefined) socket.destroy()
    else this.#visits.set(socket, new HttpVisit(socket, guest, clock, limits, () => refuseBadRequest(TOO_LATE, socket)))
  }

  #handleRequest(request: IncomingMessage, response: ServerResponse): void {
    if (this.#visits.get(request.socket)?.asks(request, response) === false) return
    if (hasTooManyHeaders(request, this.#options.limits)) {
      refuseHeaders(request, response)
      return
    }
    const leave = this.#admit(request)
    if (leave === undefined) {
      response.writeHead(429, { 'Content-Type': 'text/plain', 'Retry-After': '5', Connection: 'close' })
      response.end(`${TOO_MANY}\n`)
      return
    }
    response.once('close', leave)
    this.#options.onRequest(request, response)
  }

  /** Counts the client behind a trusted proxy; other clients were counted when they connected. */
  #admit(request: IncomingMessage): (() => void) | undefined {
    if (this.#visits.get(request.socket)?.guest.isProxy !== true) return () => undefined
    return this.#options.door.takePlace(this.#options.clientAddress(request))
  }
}

const TOO_MANY = 'This address has too many open connections.'
const TOO_LATE = Object.assign(new Error('The request did not arrive in time.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
const TOO_MANY_HEADERS = '431 Request Header Fields Too Large'

/** `rawHeaders` holds names and values in turn. */
function hasTooManyHeaders({ rawHeaders }: IncomingMessage, { maxHeaders }: HttpLimits): boolean {
  return rawHeaders.length > 2 * maxHeaders
}

/**
 * Nothing in such a request is trusted, because the proxy's headers may be among the dropped ones. The connection is
 * closed.
 */
function refuseHeaders({ socket }: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => socket.destroySoon())
  response.writeHead(431, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end('The request has too many headers.\n')
}

/**
 * Answers an upgrade with a status and a sentence (ASCII), and destroys the socket without waiting for the peer,
 * which is no longer watched.
 */
export function refuseUpgrade(socket: Duplex, status: string, sentence: string): void {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n`
  socket.end(`${head}Content-Length: ${String(sentence.length + 1)}\r\n\r\n${sentence}\n`, () => socket.destroy())
}

const BAD_REQUESTS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: TOO_MANY_HEADERS,
}

/** Behind bytes that went out already, an answer would end up inside a stream. */
function refuseBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || (socket as Socket).bytesWritten > 0) {
    socket.destroy()
    return
  }
  const status = BAD_REQUESTS[error.code ?? ''] ?? '400 Bad Request'
  const answer = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
  socket.end(answer, () => socket.destroy())
}
