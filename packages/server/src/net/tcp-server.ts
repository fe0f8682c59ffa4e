import { createServer, type Socket } from 'node:net'
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TlsOptions,
} from 'node:tls'
import type { FrontDoor, Guest } from './front-door.js'
import { ListeningPort, type ListeningPortOptions } from './listening-port.js'

export interface TcpListenOptions extends ListeningPortOptions {
  /** Of the listener, for limits and metrics. */
  readonly name: string
  readonly door: FrontDoor
  /** With it the server speaks TLS. */
  readonly tls?: TlsOptions
  /** Bytes a socket may hold back before `write` asks to wait. */
  readonly highWaterMark: number
  onConnection(socket: Socket, guest: Guest): void
}

/** A listening TCP or TLS port. */
export class TcpServer {
  readonly #port: ListeningPort
  readonly #tls: TlsServer | undefined
  readonly #sockets = new Set<Socket>()

  private constructor(options: TcpListenOptions) {
    const { door, highWaterMark, name, tls } = options
    const enter = (socket: Socket): Guest | undefined => {
      const guest = door.enter(socket, name, tls !== undefined)
      if (guest === undefined) return undefined
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      return guest
    }
    if (tls === undefined) {
      const server = createServer({ noDelay: true, highWaterMark }, (socket) => {
        const guest = enter(socket)
        if (guest !== undefined) options.onConnection(socket, guest)
      })
      this.#port = new ListeningPort(server, options)
    } else {
      // The handshake's deadline is the door's: Node's own would count a stall of ours.
      this.#tls = createTlsServer({ ...tls, noDelay: true, highWaterMark, handshakeTimeout: 0 }, (socket) => {
        const guest = door.shookHands(socket)
        if (guest === undefined) socket.destroy()
        else options.onConnection(socket, guest)
      })
      this.#tls.on('connection', enter)
      this.#tls.on('tlsClientError', (_error, socket) => socket.destroy())
      this.#port = new ListeningPort(this.#tls, options)
    }
  }

  /** Rejects when the port cannot be opened. */
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

  /** Stops accepting connections; open ones stay. Idempotent. */
  stopAccepting(): void {
    this.#port.close()
  }

  /** Ends the connections that are left. */
  close(): void {
    this.stopAccepting()
    for (const socket of this.#sockets) socket.destroy()
  }
}
