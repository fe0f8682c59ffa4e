import type { Micros } from '@crossroom/media'
import type { Request, RequestMethod } from '@crossroom/protocol'
import { roomLimits, signalingLimits } from '../config/index.js'
import { Refused } from './refused.js'

/** Everything but pings, which the socket answers by itself. */
export type QueuedRequest = Exclude<Request, { readonly method: 'room.ping' }>

/** How a queue handles requests. */
export interface RequestQueueHandlers {
  /** Called when it is the request's turn. Never throws. */
  carryOut(request: QueuedRequest): Promise<object>
  answered(request: QueuedRequest, result: object): void
  failed(request: QueuedRequest, error: unknown): void
}

interface Turn {
  readonly request: QueuedRequest
  readonly since: Micros
}

/**
 * The requests of one socket, one at a time: answers keep their order wherever the room lives. A request without an
 * answer in time fails and the next one starts; a late answer is dropped.
 */
export class RequestQueue {
  readonly #clock: { listened(): Micros }
  readonly #handlers: RequestQueueHandlers
  #waiting: QueuedRequest[] = []
  #turn: Turn | undefined

  constructor(clock: { listened(): Micros }, handlers: RequestQueueHandlers) {
    this.#clock = clock
    this.#handlers = handlers
  }

  add(request: QueuedRequest): void {
    if (this.#turn === undefined) this.#begin(request)
    else if (this.#waiting.length < signalingLimits.waitingRequests) this.#waiting.push(request)
    else this.#handlers.failed(request, new Refused('TOO_MANY_REQUESTS', 'Too many requests wait for their answers.'))
  }

  handleTimeout(now: Micros): void {
    const turn = this.#turn
    if (turn === undefined || now - turn.since < roomLimits.answerMicros) return
    const late = new Refused('TIMEOUT', 'The room did not answer in time.')
    this.#end(turn, () => this.#handlers.failed(turn.request, late))
  }

  /** Whether such a request waits for its turn or for its answer. */
  has(method: RequestMethod): boolean {
    return this.#turn?.request.method === method || this.#waiting.some((request) => request.method === method)
  }

  /** Waiting requests are never started; the answer of the running one is dropped. */
  clear(): void {
    this.#waiting = []
    this.#turn = undefined
  }

  #begin(request: QueuedRequest): void {
    const turn = (this.#turn = { request, since: this.#clock.listened() })
    this.#handlers.carryOut(request).then(
      (result) => this.#end(turn, () => this.#handlers.answered(request, result)),
      (error: unknown) => this.#end(turn, () => this.#handlers.failed(request, error)),
    )
  }

  #end(turn: Turn, tell: () => void): void {
    if (this.#turn !== turn) return
    tell()
    this.#turn = undefined
    const next = this.#waiting.shift()
    if (next !== undefined) this.#begin(next)
  }
}
