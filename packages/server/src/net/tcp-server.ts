import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions, type Server as TlsServer } from 'node:tls'
import { ListeningPort, type ListeningPortOptions } from './listening-port.js'

export interface TcpListenOptions extends ListeningPortOptions {
  /** With it the server speaks TLS. */
  readonly tls?: SecureContextOptions
  /** Bytes a socket may hold back before `write` asks to wait. */
  readonly highWaterMark: number
  onConnection(socket: Socket): void
}

/** A listening TCP or TLS port. */
export class TcpServer {
  readonly #port: ListeningPort
  readonly #tls: TlsServer | undefined
  readonly #sockets = new Set<Socket>()

  private constructor(options: TcpListenOptions) {
    const accept = (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      options.onConnection(socket)
    }
    const { highWaterMark } = options
    if (options.tls === undefined) {
      this.#port = new ListeningPort(createServer({ noDelay: true, highWaterMark }, accept), options)
    } else {
      this.#tls = createTlsServer({ ...options.tls, noDelay: true, highWaterMark, handshakeTimeout: 5000 }, accept)
      this.#tls.on('tlsClientError', (_error, socket) => socket.destroy())
      this.#port = new ListeningPort(this.#tls, options)
    }
  }

  /** Rejects when the port cannot be had. */
  static async listen(options: TcpListenOptions): Promise<TcpServer> {
    const server = new TcpServer(options)
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
  }

  /** Ends the connections that are left. */
  close(): void {
    this.stopAccepting()
    for (const socket of this.#sockets) socket.destroy()
  }
}
