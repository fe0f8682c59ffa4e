import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import type { Call, CallEndReason, OnlineParams } from '../call-shapes.js'
import {
  parseNotification,
  parseResponse,
  parseResult,
  writeRequest,
  type Response,
  type ResponseError,
} from '../json-rpc.js'
import { readJson } from '../json.js'
import { limits as messageLimits, PROTOCOL_VERSION } from '../limits.js'
import type { Notification } from '../notifications.js'
import type { CallMethod, ParamsOf, ResultOf } from '../requests.js'
import { Heartbeat } from '../room-session/heartbeat.js'
import { ReconnectDelay } from '../room-session/reconnect-delay.js'
import { isRetryable, ownError } from '../room-session/request-ledger.js'
import type { SessionInput, SessionOutput } from '../room-session/session-events.js'
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../room-session/session-limits.js'
import { Mismatch } from '../shape.js'

export type CallSessionMethod = Exclude<CallMethod, 'user.online'>
export type CallNotification = Extract<Notification, { readonly method: `call.${string}` }>

export interface CallSessionOptions {
  /** What the session shows, besides its device and version. */
  readonly user: Omit<OnlineParams, 'protocol'> & { readonly deviceId: string }
  /** 0 to 1, 1 excluded. */
  readonly random: () => number
  readonly limits?: Partial<SessionLimits>
}

/** `ended`: by `close`, or because the server does not take this user in (with a code). */
export type CallSessionEvent =
  | { readonly kind: 'state'; readonly state: 'connecting' | 'online' | 'ended'; readonly error?: ResponseError }
  | ({ readonly kind: 'notification' } & CallNotification)
  | { readonly kind: 'response'; readonly id: string; readonly result: ResultOf<CallSessionMethod> }
  | ({ readonly kind: 'failure'; readonly id: string } & ResponseError)

interface Pending {
  readonly method: CallSessionMethod
  readonly params: ParamsOf<CallSessionMethod>
  deadline: Micros
}

/** Sent again after a lost connection: the server takes the same one twice. */
const IDEMPOTENT: ReadonlySet<CallSessionMethod> = new Set(['call.invite', 'call.accept', 'call.join', 'user.block'])

/**
 * The client side of being online: one socket on which a user calls and is called, made again whenever it is lost. The owner of a
 * WebSocket drives it, as a RoomSession. Calls that ended while it was away are told as ended when it is back.
 */
export class CallSession implements Machine<SessionInput, SessionOutput, CallSessionEvent> {
  readonly #options: CallSessionOptions
  readonly #limits: SessionLimits
  readonly #heartbeat: Heartbeat
  readonly #delay: ReconnectDelay
  readonly #outbox = new Outbox<SessionOutput, CallSessionEvent>()
  readonly #pending = new Map<string, Pending>()
  /** Those that ring or go on, as last told. */
  readonly #calls = new Map<string, Call>()
  #phase: 'idle' | 'connecting' | 'greeting' | 'online' | 'waiting' | 'ended' = 'idle'
  #deadline: Micros = Infinity
  #onlineAt: Micros = 0
  #lastId = 0
  #turn = 0
  #ownId = ''
  #userSig: string | undefined

  constructor(options: CallSessionOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits }
    this.#heartbeat = new Heartbeat(this.#limits)
    this.#delay = new ReconnectDelay(this.#limits, options.random)
    this.#userSig = options.user.userSig
  }

  get isOnline(): boolean {
    return this.#phase === 'online'
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()]
  }

  start(now: Micros): void {
    if (this.#phase === 'idle') this.#connect(now)
  }

  /** A fresh signature, for the next time it connects. */
  renew(userSig: string): void {
    this.#userSig = userSig
  }

  /** The answer comes back in an event `response` or `failure` with this id. */
  request<Method extends CallSessionMethod>(now: Micros, method: Method, params: ParamsOf<Method>): string {
    const id = this.#nextId()
    if (this.#phase === 'ended' || this.#phase === 'idle') this.#fail(id, ownError('NOT_ONLINE'))
    else if (this.#pending.size >= this.#limits.pendingRequests) this.#fail(id, ownError('TOO_MANY_REQUESTS'))
    else {
      this.#pending.set(id, { method, params, deadline: now + this.#limits.requestMicros })
      if (this.#phase === 'online') this.#outbox.send({ kind: 'send', text: writeRequest(id, method, params) })
    }
    return id
  }

  /** The device is on another network: the old socket may take a minute to die. */
  networkChanged(now: Micros): void {
    if (this.#phase === 'waiting') this.#deadline = now
    else if (this.#phase === 'online') this.#giveUp(now, ownError('CONNECTION_LOST'))
  }

  /** Goes offline. Idempotent. */
  close(): void {
    this.#end(undefined)
  }

  handleInput(now: Micros, input: SessionInput): void {
    if (input.kind === 'open' && this.#phase === 'connecting') this.#greet(now)
    else if (input.kind === 'text') this.#handleText(now, input.text)
    else if (input.kind === 'closed' && this.#hasSocket) this.#loseSocket(now)
  }

  poll(now: Micros): Polled<SessionOutput, CallSessionEvent> {
    if (now >= this.#wakeAt) this.#doWhatIsDue(now)
    return this.#outbox.take() ?? this.#wakeAt
  }

  get #hasSocket(): boolean {
    return this.#phase === 'connecting' || this.#phase === 'greeting' || this.#phase === 'online'
  }

  get #wakeAt(): Micros {
    let wakeAt = Math.min(this.#deadline, this.#heartbeat.nextAt ?? Infinity)
    for (const { deadline } of this.#pending.values()) wakeAt = Math.min(wakeAt, deadline)
    return wakeAt
  }

  #doWhatIsDue(now: Micros): void {
    for (const [id, { deadline }] of [...this.#pending]) if (deadline <= now) this.#fail(id, ownError('TIMEOUT'))
    if (now >= this.#deadline) {
      if (this.#phase === 'waiting') this.#connect(now)
      else this.#giveUp(now, ownError('TIMEOUT'))
      return
    }
    const due = this.#heartbeat.takeDue(now)
    if (due === 'ping') this.#outbox.send({ kind: 'send', text: writeRequest(this.#nextId(), 'room.ping', {}) })
    if (due === 'dead') this.#giveUp(now, ownError('CONNECTION_LOST'))
  }

  #connect(now: Micros): void {
    this.#set('connecting', now + this.#limits.connectMicros)
    this.#outbox.send({ kind: 'connect', turn: this.#turn })
    this.#outbox.tell({ kind: 'state', state: 'connecting' })
  }

  #greet(now: Micros): void {
    this.#set('greeting', now + this.#limits.requestMicros)
    this.#ownId = this.#nextId()
    const signature = this.#userSig === undefined ? {} : { userSig: this.#userSig }
    const params = { ...this.#options.user, ...signature, protocol: PROTOCOL_VERSION }
    this.#outbox.send({ kind: 'send', text: writeRequest(this.#ownId, 'user.online', params) })
  }

  #handleText(now: Micros, text: string): void {
    if (this.#phase !== 'greeting' && this.#phase !== 'online') return
    this.#heartbeat.heard()
    const reading = readJson(text, messageLimits.serverMessageBytes)
    if (!reading.ok) return
    const response = parseResponse(reading.value)
    if (response !== undefined) this.#handleResponse(now, response)
    else this.#handleNotification(parseNotification(reading.value))
  }

  #handleResponse(now: Micros, response: Response): void {
    if (response.id === this.#ownId && this.#phase === 'greeting') return this.#handleGreeted(now, response)
    const id = String(response.id)
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    if (response.error !== undefined) return this.#fail(id, response.error)
    const result = parseResult(pending.method, response.result)
    if (result instanceof Mismatch) return this.#fail(id, { code: 'BAD_RESPONSE', sentence: result.sentence })
    this.#pending.delete(id)
    if ('call' in result) this.#calls.set(result.call.callId, result.call)
    this.#outbox.tell({ kind: 'response', id, result })
    this.#tellOwnEnd(pending)
  }

  #handleGreeted(now: Micros, response: Response): void {
    if (response.error !== undefined) {
      if (isRetryable(response.error.code)) this.#giveUp(now, response.error)
      else this.#end(response.error)
      return
    }
    const result = parseResult('user.online', response.result)
    if (result instanceof Mismatch) return this.#end({ code: 'BAD_RESPONSE', sentence: result.sentence })
    this.#set('online', Infinity)
    this.#onlineAt = now
    this.#heartbeat.start(now, result.heartbeatMs)
    this.#outbox.tell({ kind: 'state', state: 'online' })
    this.#takeCalls(result.calls)
    for (const [id, { method, params }] of this.#pending)
      this.#outbox.send({ kind: 'send', text: writeRequest(id, method, params) })
  }

  /** What happened meanwhile is told as if it came now. */
  #takeCalls(calls: readonly Call[]): void {
    const { userId } = this.#options.user
    const stateIn = ({ members }: Call): string | undefined => members.find((one) => one.userId === userId)?.state
    const present = new Set(calls.map(({ callId }) => callId))
    const isInvited = (callId: string): boolean =>
      [...this.#pending.values()].some(
        ({ method, params }) => method === 'call.invite' && 'callId' in params && params.callId === callId,
      )
    for (const [callId, call] of [...this.#calls]) {
      if (present.has(callId) || isInvited(callId)) continue
      const reason: CallEndReason = stateIn(call) === 'ringing' ? 'canceled' : 'hangup'
      this.#handleNotification({ method: 'call.ended', params: { callId, reason } })
    }
    for (const call of calls) {
      const isNew = !this.#calls.has(call.callId)
      if (isNew && stateIn(call) !== 'ringing') continue
      this.#handleNotification({ method: isNew ? 'call.ringing' : 'call.changed', params: { call } })
    }
  }

  #handleNotification(notification: Notification | undefined): void {
    if (notification === undefined || !isOfCalls(notification)) return
    const { method, params } = notification
    if (method === 'call.ringing' || method === 'call.changed') this.#calls.set(params.call.callId, params.call)
    if (method === 'call.ended' && !this.#calls.delete(params.callId)) return
    this.#outbox.tell({ kind: 'notification', ...notification })
  }

  /** The server does not tell a device of the end that it made. */
  #tellOwnEnd({ method, params }: Pending): void {
    if (method !== 'call.hangup' && method !== 'call.reject' && method !== 'call.cancel') return
    const call = 'callId' in params ? this.#calls.get(params.callId) : undefined
    if (call === undefined) return
    const { userId: by } = this.#options.user
    const { callId, inviter, startedAt } = call
    const isRinging = call.members.some(({ userId, state }) => userId === by && state === 'ringing')
    const isCanceled = startedAt === null && inviter === by
    const reason = isRinging ? 'reject' : isCanceled ? 'canceled' : 'hangup'
    this.#handleNotification({ method: 'call.ended', params: { callId, reason, by } })
  }

  /** Goes on at another address of the server: this one does not answer, or refuses. */
  #giveUp(now: Micros, error: ResponseError): void {
    this.#turn++
    this.#outbox.send({ kind: 'disconnect', code: 4000, reason: error.code })
    this.#lose(now, error.retryAfterMs)
  }

  #loseSocket(now: Micros): void {
    if (this.#phase === 'connecting') this.#turn++
    this.#lose(now)
  }

  #lose(now: Micros, retryAfterMs?: number): void {
    if (this.#phase === 'online' && now - this.#onlineAt >= this.#limits.stableMicros) this.#delay.reset()
    const wasOnline = this.#phase === 'online'
    this.#heartbeat.stop()
    this.#set('waiting', now + this.#delay.next(retryAfterMs))
    for (const [id, { method }] of [...this.#pending])
      if (!IDEMPOTENT.has(method)) this.#fail(id, ownError('CONNECTION_LOST'))
    if (wasOnline) this.#outbox.tell({ kind: 'state', state: 'connecting' })
  }

  #end(error: ResponseError | undefined): void {
    if (this.#phase === 'ended') return
    if (this.#hasSocket) this.#outbox.send({ kind: 'disconnect', code: 1000, reason: error?.code ?? 'offline' })
    this.#set('ended', Infinity)
    this.#heartbeat.stop()
    for (const id of [...this.#pending.keys()]) this.#fail(id, error ?? ownError('NOT_ONLINE'))
    this.#calls.clear()
    this.#outbox.tell({ kind: 'state', state: 'ended', ...(error === undefined ? {} : { error }) })
  }

  #fail(id: string, error: ResponseError): void {
    this.#pending.delete(id)
    this.#outbox.tell({ kind: 'failure', id, ...error })
  }

  #set(phase: 'connecting' | 'greeting' | 'online' | 'waiting' | 'ended', deadline: Micros): void {
    this.#phase = phase
    this.#deadline = deadline
  }

  #nextId(): string {
    this.#lastId += 1
    return `c${this.#lastId}`
  }
}

function isOfCalls(notification: Notification): notification is CallNotification {
  return notification.method.startsWith('call.')
}
