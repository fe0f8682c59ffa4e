import { connect, type Server } from 'node:net'
import { lstat, unlink } from 'node:fs/promises'
import { isLoopbackAddress } from '../config/index.js'

/** The place of a listener: a port (0: a free one) of an address, or the path of a unix socket. */
export type ListeningPlace =
  | {
      readonly host: string
      readonly port: number
      /** Of this process alone, where several processes are one server and share the other ports. */
      readonly exclusive?: boolean
    }
  | { readonly path: string }

export interface ListeningPortOptions {
  readonly place: ListeningPlace
  /** How long accepting pauses when the process has no file descriptor left. */
  readonly acceptPauseMs: number
  onError(error: Error): void
}

/** Connections that wait for their turn to be accepted. */
const BACKLOG = 4096
/** A unix socket is for the user of this process alone. */
const SOCKET_UMASK = 0o177

/** The port of a server of any protocol, which outlives a process that runs out of file descriptors for a while. */
export class ListeningPort {
  readonly #server: Server
  readonly #options: ListeningPortOptions
  #pause: NodeJS.Timeout | undefined

  constructor(server: Server, options: ListeningPortOptions) {
    this.#server = server
    this.#options = options
  }

  /**
   * Rejects when the address is not available. A Unix socket without a listener is left over from a crash, and
   * replaced.
   */
  async listen(): Promise<void> {
    const { place } = this.#options
    try {
      await this.#open(place)
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!('path' in place) || !isTaken || !(await isLeftOver(place.path))) throw error
      await unlink(place.path)
      await this.#open(place)
    }
    this.#server.on('error', (error) => this.#handleError(error))
  }

  /** The one in use; 0 when it does not listen. */
  get number(): number {
    const address = this.#server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  /** Whether only programs on this machine can reach it, by the address that it really has. */
  get isLoopback(): boolean {
    const address = this.#server.address()
    if (typeof address === 'string') return true
    return address !== null && isLoopbackAddress(address.address)
  }

  /** Stops accepting connections; open ones stay. Idempotent. */
  close(): void {
    clearTimeout(this.#pause)
    if (this.#server.listening) this.#server.close()
  }

  async #open(place: ListeningPlace): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#listenAt(place, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  #listenAt(place: ListeningPlace, listening?: () => void): void {
    // Node binds a path within the call, so no client can connect before the mode is set.
    const umask = 'path' in place ? process.umask(SOCKET_UMASK) : undefined
    this.#server.listen({ ...place, backlog: BACKLOG }, listening)
    if (umask !== undefined) process.umask(umask)
  }

  #handleError(error: NodeJS.ErrnoException): void {
    this.#options.onError(error)
    if (error.code !== 'EMFILE' && error.code !== 'ENFILE') return
    const { place, acceptPauseMs } = this.#options
    // The port that was taken, where a free one was asked for.
    const again = 'path' in place ? place : { ...place, port: this.number }
    this.#server.close()
    this.#pause = setTimeout(() => this.#listenAt(again), acceptPauseMs)
  }
}

/** Whether this path is a socket without a listener. A busy one and one of another user are not left over. */
async function isLeftOver(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return false
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}
