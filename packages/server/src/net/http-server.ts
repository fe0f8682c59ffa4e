import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { ListeningPort, type ListeningPortOptions } from './listening-port.js'

export interface HttpLimits {
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly connectionsCheckingIntervalMs: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
}

export interface HttpListenOptions extends ListeningPortOptions {
  /** With it the server speaks TLS. */
  readonly tls?: SecureContextOptions
  readonly limits: HttpLimits
  /** Bytes a socket may hold back before `write` asks to wait. */
  readonly highWaterMark: number
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** False when nobody takes the upgrade: the socket is then closed with 404. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/** A listening HTTP or HTTPS port with the product's limits. */
export class HttpServer {
  readonly #server: Server | TlsServer
  readonly #tls: TlsServer | undefined
  readonly #port: ListeningPort

  private constructor(options: HttpListenOptions) {
    const { limits } = options
    const serverOptions = {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.connectionsCheckingIntervalMs,
      maxHeaderSize: limits.maxHeaderBytes,
      highWaterMark: options.highWaterMark,
      noDelay: true,
    }
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      if (hasTooManyHeaders(request, limits)) refuseHeaders(request, response)
      else options.onRequest(request, response)
    }
    if (options.tls === undefined) this.#server = createServer(serverOptions, onRequest)
    else {
      // A TLS handshake is bound like the headers that follow it; Node's default is 120 s.
      const tls = { ...options.tls, handshakeTimeout: limits.headersTimeoutMs }
      this.#tls = createTlsServer({ ...serverOptions, ...tls }, onRequest)
      this.#server = this.#tls
    }
    // Node drops what is above its count and says nothing. One more than is allowed shows that there were too many.
    this.#server.maxHeadersCount = limits.maxHeaders + 1
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy())
      if (hasTooManyHeaders(request, limits)) {
        refuseUpgrade(socket, TOO_MANY_HEADERS, 'The request has too many headers.')
        return
      }
      if (options.onUpgrade(request, socket, head)) return
      refuseUpgrade(socket, '404 Not Found', 'There is no WebSocket at this address.')
    })
    this.#server.on('clientError', refuseBadRequest)
    this.#port = new ListeningPort(this.#server, options)
  }

  /** Rejects when the port cannot be had. */
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

  /** Takes no more connections; those that are open stay. Idempotent. */
  stopAccepting(): void {
    this.#port.close()
    this.#server.closeIdleConnections()
  }

  /** Ends the connections that are left. */
  close(): void {
    this.stopAccepting()
    this.#server.closeAllConnections()
  }
}

const TOO_MANY_HEADERS = '431 Request Header Fields Too Large'

/** `rawHeaders` holds names and values in turn. */
function hasTooManyHeaders({ rawHeaders }: IncomingMessage, { maxHeaders }: HttpLimits): boolean {
  return rawHeaders.length > 2 * maxHeaders
}

/** Nothing of such a request is believed, for a proxy's words may be among what was left out. The connection goes with it. */
function refuseHeaders({ socket }: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => socket.destroySoon())
  response.writeHead(431, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end('The request has too many headers.\n')
}

/**
 * Answers an upgrade with a status and a sentence (ASCII), and lets go of the socket without waiting for the other side,
 * which nothing would watch any more.
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
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}
