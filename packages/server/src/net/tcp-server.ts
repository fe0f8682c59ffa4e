import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions, type Server as TlsServer } from 'node:tls'

export interface TcpListenOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** With it the server speaks TLS. */
  readonly tls?: SecureContextOptions
  /** How long accepting pauses when the process has no file descriptor left. */
  readonly acceptPauseMs: number
  /** Bytes a socket may hold back before `write` asks to wait. */
  readonly highWaterMark: number
  onConnection(socket: Socket): void
  onError(error: Error): void
}

/** A listening TCP or TLS port. */
export class TcpServer {
  readonly #server: Server
  readonly #tls: TlsServer | undefined
  readonly #sockets = new Set<Socket>()
  readonly #options: TcpListenOptions

  private constructor(options: TcpListenOptions) {
    this.#options = options
    const accept = (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      options.onConnection(socket)
    }
    const { highWaterMark } = options
    if (options.tls === undefined) this.#server = createServer({ noDelay: true, highWaterMark }, accept)
    else {
      this.#tls = createTlsServer({ ...options.tls, noDelay: true, highWaterMark, handshakeTimeout: 5000 }, accept)
      this.#tls.on('tlsClientError', (_error, socket) => socket.destroy())
      this.#server = this.#tls
    }
  }

  /** Rejects when the port cannot be had. */
  static async listen(options: TcpListenOptions): Promise<TcpServer> {
    const server = new TcpServer(options)
    await server.#listen()
    server.#server.on('error', (error) => server.#handleError(error))
    return server
  }

  get port(): number {
    const address = this.#server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  /** New connections use the new certificate; those that are open keep theirs. */
  renewCertificate(tls: SecureContextOptions): void {
    this.#tls?.setSecureContext(tls)
  }

  /** Takes no more connections; those that are open stay. Idempotent. */
  stopAccepting(): void {
    if (this.#server.listening) this.#server.close()
  }

  /** Ends the connections that are left. */
  close(): void {
    this.stopAccepting()
    for (const socket of this.#sockets) socket.destroy()
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: 4096 }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  #handleError(error: NodeJS.ErrnoException): void {
    this.#options.onError(error)
    if (error.code !== 'EMFILE' && error.code !== 'ENFILE') return
    const port = this.port
    this.#server.close()
    setTimeout(() => this.#server.listen({ host: this.#options.host, port }), this.#options.acceptPauseMs)
  }
}
