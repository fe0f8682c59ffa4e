import type { Server } from 'node:net'

export interface ListeningPortOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** How long accepting pauses when the process has no file descriptor left. */
  readonly acceptPauseMs: number
  onError(error: Error): void
}

/** Connections that wait for their turn to be accepted. */
const BACKLOG = 4096

/** The port of a server of any protocol, which outlives a process that runs out of file descriptors for a while. */
export class ListeningPort {
  readonly #server: Server
  readonly #options: ListeningPortOptions
  #pause: NodeJS.Timeout | undefined

  constructor(server: Server, options: ListeningPortOptions) {
    this.#server = server
    this.#options = options
  }

  /** Rejects when the port cannot be had. */
  async listen(): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#server.on('error', (error) => this.#handleError(error))
  }

  /** The one in use; 0 when it does not listen. */
  get number(): number {
    const address = this.#server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  /** Takes no more connections; those that are open stay. Idempotent. */
  close(): void {
    clearTimeout(this.#pause)
    if (this.#server.listening) this.#server.close()
  }

  #handleError(error: NodeJS.ErrnoException): void {
    this.#options.onError(error)
    if (error.code !== 'EMFILE' && error.code !== 'ENFILE') return
    const { host, acceptPauseMs } = this.#options
    const port = this.number
    this.#server.close()
    this.#pause = setTimeout(() => this.#server.listen({ host, port, backlog: BACKLOG }), acceptPauseMs)
  }
}
