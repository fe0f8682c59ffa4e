import { errorCodes, isErrorCode, type ErrorCode } from '../error-codes.js'
import { parseResult, writeRequest, type Response, type ResponseError } from '../json-rpc.js'
import type { MediaStateParams } from '../request-shapes.js'
import type { ParamsOf } from '../requests.js'
import { Mismatch } from '../shape.js'
import type { Micros } from '@crossroom/media'
import type { FailureEvent, ResponseEvent, SessionMethod } from './session-events.js'
import type { SessionLimits } from './session-limits.js'
import type { SessionPhase } from './session-phase.js'

/** What the ledger tells its owner. */
export interface LedgerHandlers {
  send(text: string): void
  /** `params` are those of the request. */
  event(event: ResponseEvent | FailureEvent, params: ParamsOf<SessionMethod>): void
}

/** A request whose effect must survive reconnecting: only the latest of its key counts, and it is sent again. */
interface PersistentRequest {
  readonly key: string
  readonly method: SessionMethod
  readonly params: ParamsOf<SessionMethod>
  /** Callers waiting for an answer that is not in flight. */
  waiting: string[]
  isConfirmed: boolean
  isInFlight: boolean
}

interface PendingRequest {
  readonly method: SessionMethod
  readonly params: ParamsOf<SessionMethod>
  /**
   * The callers that this answer settles: none for a repeated request, several when a later request replaces earlier
   * ones.
   */
  readonly ids: readonly string[]
  readonly deadline: Micros
  readonly kept: PersistentRequest | undefined
}

/**
 * The requests waiting for an answer. Subscriptions, muting and renewed signatures are persistent: they are idempotent,
 * kept while there is no connection, and sent again to a server that has forgotten them. Every other request fails with
 * its connection, because the client cannot know whether the server has handled it.
 */
export class RequestLedger {
  readonly #limits: SessionLimits
  readonly #handlers: LedgerHandlers
  readonly #pending = new Map<string, PendingRequest>()
  readonly #persistent = new Map<string, PersistentRequest>()
  #lastId = 0
  #ownId = ''

  constructor(limits: SessionLimits, handlers: LedgerHandlers) {
    this.#limits = limits
    this.#handlers = handlers
  }

  get deadline(): Micros | undefined {
    let deadline: Micros | undefined
    for (const pending of this.#pending.values()) {
      if (deadline === undefined || pending.deadline < deadline) deadline = pending.deadline
    }
    return deadline
  }

  nextId(): string {
    this.#lastId += 1
    return `${this.#lastId}`
  }

  /** Sends a request, keeps it, or refuses it, as the phase allows. Answers whether it is kept. */
  request(
    now: Micros,
    id: string,
    method: SessionMethod,
    params: ParamsOf<SessionMethod>,
    { name, hasEntered }: Pick<SessionPhase, 'name' | 'hasEntered'>,
  ): boolean {
    const key = persistentKey(method, params)
    const isOver = name === 'closed' || name === 'leaving'
    const refuse = (code: ErrorCode): void => this.#fail({ method, params }, [id], ownError(code))
    if (isOver || (key === undefined && name !== 'live')) {
      refuse(hasEntered && !isOver ? 'CONNECTION_LOST' : 'NOT_ENTERED')
    } else if (!this.#hasRoom) {
      refuse('TOO_MANY_REQUESTS')
    } else if (key === undefined) {
      this.#send(now, id, { method, params, ids: [id], kept: undefined })
    } else {
      const waiting = [...(this.#persistent.get(key)?.waiting ?? []), id]
      this.#persistent.set(key, { key, method, params, waiting, isConfirmed: false, isInFlight: false })
      if (name === 'live') this.sendPersistent(now, false)
      return true
    }
    return false
  }

  /** Sends the request for the entry or the leave; there is one at a time, and the phase limits it. */
  sendOwn<Method extends 'room.enter' | 'room.resume' | 'room.leave'>(method: Method, params: ParamsOf<Method>): void {
    this.#ownId = this.nextId()
    this.#handlers.send(writeRequest(this.#ownId, method, params))
  }

  isOwn(response: Response): boolean {
    return response.id === this.#ownId
  }

  ping(now: Micros): void {
    this.#handlers.send(writeRequest(this.nextId(), 'room.ping', {}))
    // What the server was too busy to answer is not given up for good.
    this.sendPersistent(now, false)
  }

  /**
   * Sends the persistent requests that the server has not confirmed, or all of them to a server that has forgotten
   * them.
   */
  sendPersistent(now: Micros, hasForgotten: boolean): void {
    for (const kept of this.#persistent.values()) {
      if (kept.isInFlight || (kept.isConfirmed && !hasForgotten)) continue
      const ids = kept.waiting
      kept.waiting = []
      kept.isInFlight = true
      kept.isConfirmed = false
      this.#send(now, ids[ids.length - 1] ?? this.nextId(), { method: kept.method, params: kept.params, ids, kept })
    }
  }

  /** Settles a persistent request that another action has fulfilled. */
  fulfil(key: string, answer: (id: string) => ResponseEvent): void {
    const kept = this.#persistent.get(key)
    if (kept === undefined) return
    this.#persistent.delete(key)
    for (const id of kept.waiting) this.#handlers.event(answer(id), kept.params)
  }

  hasUnconfirmed(key: string): boolean {
    return this.#persistent.get(key)?.isConfirmed === false
  }

  /** Handles an answer; ignores unexpected ones. */
  settle(response: Response): void {
    const pending = this.#take(String(response.id))
    if (pending === undefined) return
    if (response.error !== undefined) {
      this.#refuse(pending, response.error)
      return
    }
    const result = parseResult(pending.method, response.result)
    if (result instanceof Mismatch) {
      this.#refuse(pending, { code: 'BAD_RESPONSE', sentence: result.sentence })
      return
    }
    if (pending.kept !== undefined) pending.kept.isConfirmed = true
    for (const id of pending.ids) {
      this.#handlers.event({ kind: 'response', id, method: pending.method, result } as ResponseEvent, pending.params)
    }
  }

  /** Fails requests without an answer in time. */
  giveUpBy(now: Micros): void {
    for (const [wireId, pending] of this.#pending) {
      if (pending.deadline > now) continue
      this.#take(wireId)
      this.#fail(pending, pending.ids, ownError('TIMEOUT'))
    }
  }

  /** The connection is gone: persistent requests wait again, all others fail. */
  connectionLost(): void {
    for (const [wireId, pending] of [...this.#pending]) {
      this.#take(wireId)
      // The request itself, or the later one of the same key that replaces it.
      const kept = pending.kept === undefined ? undefined : this.#persistent.get(pending.kept.key)
      if (kept === undefined) {
        this.#fail(pending, pending.ids, ownError('CONNECTION_LOST'))
        continue
      }
      kept.waiting.unshift(...pending.ids)
      kept.isConfirmed = false
    }
  }

  /** The session is over. */
  clear(): void {
    this.connectionLost()
    for (const kept of this.#persistent.values()) this.#fail(kept, kept.waiting, ownError('CONNECTION_LOST'))
    this.#persistent.clear()
  }

  /** Whether one more may wait for its answer. */
  get #hasRoom(): boolean {
    let waiting = 0
    for (const kept of this.#persistent.values()) waiting += kept.waiting.length
    for (const { ids } of this.#pending.values()) waiting += Math.max(1, ids.length)
    return waiting < this.#limits.pendingRequests
  }

  #send(now: Micros, wireId: string, request: Omit<PendingRequest, 'deadline'>): void {
    this.#pending.set(wireId, { ...request, deadline: now + this.#limits.requestMicros })
    this.#handlers.send(writeRequest(wireId, request.method, request.params))
  }

  #take(wireId: string): PendingRequest | undefined {
    const pending = this.#pending.get(wireId)
    this.#pending.delete(wireId)
    if (pending?.kept !== undefined) pending.kept.isInFlight = false
    return pending
  }

  /** A server will refuse a refused request again, unless the error is retryable: it is not kept. */
  #refuse(pending: PendingRequest, error: ResponseError): void {
    const { kept } = pending
    const isCurrent = kept !== undefined && this.#persistent.get(kept.key) === kept
    if (isCurrent && !isRetryable(error.code)) this.#persistent.delete(kept.key)
    this.#fail(pending, pending.ids, error)
  }

  #fail(
    { method, params }: Pick<PendingRequest, 'method' | 'params'>,
    ids: readonly string[],
    error: ResponseError,
  ): void {
    for (const id of ids) this.#handlers.event({ kind: 'failure', id, method, ...error }, params)
  }
}

/** What only the latest of counts, and may be said twice; undefined for every other request. */
function persistentKey<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): string | undefined {
  if (method === 'media.state') return `media.state ${(params as MediaStateParams).streamType}`
  return method === 'media.subscribe' || method === 'room.renew' ? method : undefined
}

/** An error that the client's own side raises. */
export function ownError(code: ErrorCode): ResponseError {
  return { code, sentence: errorCodes[code].sentence }
}

export function isRetryable(code: string): boolean {
  return isErrorCode(code) && errorCodes[code].retryable
}
