import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ListeningClock } from './clock.js'
import type { Guest } from './front-door.js'

export interface HttpVisitLimits {
  /** From accept, or from the last answer, to the end of a request's headers. */
  readonly headersTimeoutMs: number
  /** From there to the end of its body. */
  readonly requestTimeoutMs: number
  /** Requests that wait for their answers, or whose answers wait to be read. */
  readonly pipelined: number
}

/** One HTTP connection: a stranger with a deadline until its request is there, and again between two requests. */
export class HttpVisit {
  readonly guest: Guest
  readonly #clock: Pick<ListeningClock, 'after'>
  readonly #limits: HttpVisitLimits
  readonly #tooLate: () => void
  #answering = 0
  #cancelDeadline: () => void = () => undefined

  /** `tooLate` refuses requests that missed the deadline. */
  constructor(
    socket: Socket,
    guest: Guest,
    clock: Pick<ListeningClock, 'after'>,
    limits: HttpVisitLimits,
    tooLate: () => void,
  ) {
    this.guest = guest
    this.#clock = clock
    this.#limits = limits
    this.#tooLate = tooLate
    this.#expect(limits.headersTimeoutMs)
    socket.once('close', () => this.#cancelDeadline())
  }

  /** Reports the headers of a request. False if the connection was closed for too many requests. */
  asks(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.socket.destroyed || this.#answering >= this.#limits.pipelined) {
      request.socket.destroy()
      return false
    }
    this.#answering++
    this.guest.settle()
    // Evaluated at the deadline: a request whose body is never read has no end event.
    this.#expect(this.#limits.requestTimeoutMs, () => request.complete)
    response.once('close', () => {
      this.#answering--
      if (this.#answering > 0 || request.socket.destroyed) return
      this.guest.wait()
      this.#expect(this.#limits.headersTimeoutMs)
    })
    return true
  }

  /** It speaks another protocol from now on. */
  upgraded(): void {
    this.guest.settle()
    this.#cancelDeadline()
  }

  #expect(withinMs: number, isHere = () => false): void {
    this.#cancelDeadline()
    this.#cancelDeadline = this.#clock.after(withinMs * 1000, () => {
      if (!isHere()) this.#tooLate()
    })
  }
}
