import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import { errorCodes, isErrorCode, type ErrorCode } from '../error-codes.js'
import {
  parseNotification,
  parseResponse,
  parseResult,
  writeRequest,
  type Response,
  type ResponseError,
} from '../json-rpc.js'
import { readJson } from '../json.js'
import { limits as messageLimits } from '../limits.js'
import type { ClientKind } from '../model.js'
import type { Notification, NotificationParams } from '../notifications.js'
import type { EnterResult, MediaStateParams, RenewParams, SubscribeParams } from '../request-shapes.js'
import type { ParamsOf } from '../requests.js'
import { Mismatch } from '../shape.js'
import { Credentials, type SessionEnterParams } from './credentials.js'
import { Heartbeat } from './heartbeat.js'
import { ReconnectDelay } from './reconnect-delay.js'
import { ownError, RequestLedger } from './request-ledger.js'
import type {
  EndReason,
  EntryKind,
  FailureEvent,
  ResponseEvent,
  SessionEvent,
  SessionInput,
  SessionMethod,
  SessionOutput,
  SessionState,
  StateEvent,
} from './session-events.js'
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from './session-limits.js'
import { UserList } from './user-list.js'

export interface RoomSessionOptions {
  /** What `room.enter` says of the program that drives the session. */
  readonly client: { readonly kind: ClientKind; readonly version: string }
  /** 0 to 1, 1 excluded, as Math.random: spreads the attempts of many clients over time. */
  readonly random: () => number
  /** What differs from `DEFAULT_SESSION_LIMITS`. */
  readonly limits?: Partial<SessionLimits>
}

/**
 * `connecting` waits for the socket, `entering` for the answer to room.enter or room.resume, `waiting` for the time of the
 * next attempt, `leaving` for the answer to room.leave.
 */
type Phase = 'idle' | 'connecting' | 'entering' | 'live' | 'waiting' | 'leaving' | 'closed'

/** RFC 6455 section 7.4.1: a normal closure, and the first of the codes for private use, which browsers let through. */
const NORMAL_CLOSURE = 1000
const GIVEN_UP = 4000
const ENDED_CODES = {
  kicked: 'KICKED',
  replaced: 'REPLACED',
  disbanded: 'DISBANDED',
  expired: 'USER_SIG_EXPIRED',
} as const satisfies Record<string, ErrorCode>

/**
 * The client side of a membership in a room: enters, sends heartbeats, detects a dead connection, reconnects
 * automatically (resumes, or enters again if the server has forgotten the session), repeats persistent requests, and
 * keeps the list of the other members. The owner of a WebSocket drives it; commands count as inputs: poll after them.
 */
export class RoomSession implements Machine<SessionInput, SessionOutput, SessionEvent> {
  readonly #options: RoomSessionOptions
  readonly #limits: SessionLimits
  readonly #ledger: RequestLedger
  readonly #users: UserList
  readonly #heartbeat: Heartbeat
  readonly #delay: ReconnectDelay
  readonly #outbox = new Outbox<SessionOutput, SessionEvent>()
  #phase: Phase = 'idle'
  /** When the phase has lasted too long, or the wait is over. */
  #deadline: Micros | undefined
  /** When the first entry must have succeeded; undefined after it. */
  #enterBy: Micros | undefined
  #credentials: Credentials | undefined
  #selfId = ''
  #hasEntered = false
  /** The request that is out for the entry or the leave. */
  #ownId = ''
  #isResuming = false
  #told: StateEvent = { kind: 'state', state: 'idle', attempt: 0 }
  #connectAt: Micros = 0
  #liveAt: Micros = 0
  #lastError: ResponseError = ownError('TIMEOUT')
  #unreadable = 0

  constructor(options: RoomSessionOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits }
    this.#users = new UserList(this.#limits.users)
    this.#heartbeat = new Heartbeat(this.#limits)
    this.#delay = new ReconnectDelay(this.#limits, options.random)
    this.#ledger = new RequestLedger(this.#limits, {
      send: (wireId, method, params) => this.#send(writeRequest(wireId, method, params)),
      event: (event, params) => this.#handleAnswer(event, params),
    })
  }

  get state(): SessionState {
    if (this.#phase === 'idle' || this.#phase === 'closed') return this.#phase
    if (this.#phase === 'live' || this.#phase === 'leaving') return 'connected'
    return this.#hasEntered ? 'reconnecting' : 'connecting'
  }

  /** Messages that were neither an answer nor a notification known to this version. */
  get unreadable(): number {
    return this.#unreadable
  }

  /** Begins a session; ignored while there is one. Ends in the event `entered` or `ended`. */
  enter(now: Micros, params: SessionEnterParams): void {
    if (this.#phase !== 'idle' && this.#phase !== 'closed') return
    this.#credentials = new Credentials(this.#options.client, params)
    this.#selfId = params.userId
    this.#hasEntered = false
    this.#delay.reset()
    this.#lastError = ownError('TIMEOUT')
    this.#enterBy = now + this.#limits.enterMicros
    this.#connect(now)
  }

  /** Ends the session: tells the server when there is one to tell. Ends in the event `ended`. */
  leave(now: Micros): void {
    if (this.#phase === 'idle' || this.#phase === 'closed' || this.#phase === 'leaving') return
    // A server that is still reading room.enter reads this one after it.
    if (this.#phase !== 'live' && this.#phase !== 'entering') {
      this.#end('left', undefined, 'The user left.')
      return
    }
    this.#setPhase('leaving', now + this.#limits.leaveMicros)
    this.#enterBy = undefined
    this.#heartbeat.stop()
    this.#ledger.clear()
    this.#sendOwn('room.leave', {})
  }

  /**
   * Sends a request and answers its id, which comes back in the event `response` or `failure`. Without a connection it fails,
   * except for `media.subscribe`, `media.state` and `room.renew`: those are kept, and said when there is one again. After a
   * failure with TIMEOUT they are said again too, at the next heartbeat.
   */
  request<Method extends SessionMethod>(now: Micros, method: Method, params: ParamsOf<Method>): string {
    const id = this.#ledger.nextId()
    const key = standingKey(method, params)
    const isOver = this.#phase === 'closed' || this.#phase === 'leaving'
    if (isOver || (key === undefined && this.#phase !== 'live')) {
      this.#ledger.refuse(id, method, params, this.#hasEntered && !isOver ? 'CONNECTION_LOST' : 'NOT_ENTERED')
    } else if (!this.#ledger.hasRoom) {
      this.#ledger.refuse(id, method, params, 'TOO_MANY_REQUESTS')
    } else if (key === undefined) {
      this.#ledger.send(now, id, method, params)
    } else {
      if (method === 'room.renew') this.#credentials?.renew(params as RenewParams)
      this.#ledger.keep(id, key, method, params)
      if (this.#phase === 'live') this.#ledger.sendPersistent(now, false)
    }
    return id
  }

  /** Sets the subscription; it is sent again to a server that has forgotten it. Returns the id of the request. */
  subscribe(now: Micros, streams: SubscribeParams['streams']): string {
    return this.request(now, 'media.subscribe', { streams })
  }

  /** Gives a fresh signature, also for entering again later. Answers the id of the request. */
  renew(now: Micros, userSig: string, privateMapKey?: string): string {
    return this.request(now, 'room.renew', privateMapKey === undefined ? { userSig } : { userSig, privateMapKey })
  }

  /** The device is on another network: the old socket may take a minute to die, so a new one is opened at once. */
  networkChanged(now: Micros): void {
    if (this.#phase === 'idle' || this.#phase === 'closed' || this.#phase === 'leaving') return
    const earliest = this.#connectAt + this.#limits.networkChangeMicros
    if (this.#phase === 'waiting') {
      this.#deadline = Math.min(this.#deadline ?? now, Math.max(now, earliest))
    } else if (now >= earliest) {
      this.#disconnect(GIVEN_UP, 'network changed')
      this.#delay.reset()
      this.#retry(now, now)
    }
  }

  handleInput(now: Micros, input: SessionInput): void {
    switch (input.kind) {
      case 'open':
        if (this.#phase === 'connecting') this.#sendEntry(now)
        break
      case 'text':
        this.#handleText(now, input.text)
        break
      case 'closed':
        if (this.#phase === 'leaving') this.#finishLeaving(false)
        else if (this.#hasSocket()) this.#lose(now, lost(input.code))
        break
    }
  }

  poll(now: Micros): Polled<SessionOutput, SessionEvent> {
    if (this.#wakeAt <= now) this.#doWhatIsDue(now)
    return this.#outbox.take() ?? this.#wakeAt
  }

  #doWhatIsDue(now: Micros): void {
    if (this.#enterBy !== undefined && now >= this.#enterBy) {
      this.#end('unreachable', this.#lastError)
      return
    }
    if (this.#deadline !== undefined && now >= this.#deadline) this.#handleDeadline(now)
    if (this.#phase !== 'live') return
    this.#ledger.giveUpBy(now)
    const due = this.#heartbeat.takeDue(now)
    if (due === 'ping') {
      this.#send(writeRequest(this.#ledger.nextId(), 'room.ping', {}))
      // What the server was too busy to answer is not given up for good.
      this.#ledger.sendPersistent(now, false)
    }
    if (due === 'dead') this.#giveUp(now, ownError('CONNECTION_LOST'))
  }

  get #wakeAt(): Micros {
    const deadlines = [this.#deadline, this.#enterBy, this.#heartbeat.nextAt, this.#ledger.deadline]
    return Math.min(...deadlines.map((deadline) => deadline ?? Infinity))
  }

  #hasSocket(): boolean {
    return this.#phase !== 'idle' && this.#phase !== 'waiting' && this.#phase !== 'closed'
  }

  #setPhase(phase: Phase, deadline: Micros | undefined): void {
    this.#phase = phase
    this.#deadline = deadline
  }

  #connect(now: Micros): void {
    this.#connectAt = now
    this.#setPhase('connecting', now + this.#limits.connectMicros)
    this.#outbox.send({ kind: 'connect' })
    this.#tellState()
  }

  #tellState(): void {
    const { state } = this
    const { attempt } = this.#delay
    if (state === this.#told.state && attempt === this.#told.attempt) return
    this.#told = { kind: 'state', state, attempt }
    this.#outbox.tell(this.#told)
  }

  #send(text: string): void {
    this.#outbox.send({ kind: 'send', text })
  }

  #sendOwn<Method extends 'room.enter' | 'room.resume' | 'room.leave'>(method: Method, params: ParamsOf<Method>): void {
    this.#ownId = this.#ledger.nextId()
    this.#send(writeRequest(this.#ownId, method, params))
  }

  #sendEntry(now: Micros): void {
    this.#setPhase('entering', now + this.#limits.requestMicros)
    const request = this.#credentials?.nextRequest()
    if (request === undefined) return
    this.#isResuming = request.method === 'room.resume'
    this.#sendOwn(request.method, request.params)
  }

  #handleText(now: Micros, text: string): void {
    if (this.#phase !== 'entering' && this.#phase !== 'live' && this.#phase !== 'leaving') return
    this.#heartbeat.heard()
    const reading = readJson(text, messageLimits.serverMessageBytes)
    const response = reading.ok ? parseResponse(reading.value) : undefined
    const notification = reading.ok && response === undefined ? parseNotification(reading.value) : undefined
    if (response === undefined && notification === undefined) this.#unreadable += 1
    if (response !== undefined) this.#handleResponse(now, response)
    if (notification !== undefined) this.#handleNotification(now, notification)
  }

  #handleResponse(now: Micros, response: Response): void {
    const isOwn = response.id === this.#ownId
    if (this.#phase === 'leaving') {
      if (isOwn) this.#finishLeaving(true)
    } else if (this.#phase === 'live') {
      this.#ledger.settle(response)
    } else if (isOwn && response.error === undefined) {
      const result = parseResult('room.enter', response.result)
      if (result instanceof Mismatch) this.#refuse(now, { code: 'BAD_RESPONSE', sentence: result.sentence })
      else this.#handleEntry(now, result)
    } else if (isOwn && response.error !== undefined) {
      this.#refuse(now, response.error)
    }
  }

  #handleEntry(now: Micros, result: EnterResult): void {
    const how: EntryKind = this.#isResuming ? 'resumed' : this.#hasEntered ? 're-entered' : 'entered'
    this.#credentials?.accepted(result)
    this.#selfId = result.self.userId
    this.#hasEntered = true
    this.#enterBy = undefined
    this.#liveAt = now
    this.#setPhase('live', undefined)
    this.#heartbeat.start(now, result.heartbeatMs)
    this.#tellState()
    this.#outbox.tell({ kind: 'entered', how, result })
    this.#tell(this.#users.replace(result.userList, result.audienceCount, this.#selfId))
    if (!this.#isResuming) this.#fulfilRenewal(result.expiresAt)
    this.#ledger.sendPersistent(now, !this.#isResuming)
  }

  /** The room was entered with the latest signature, which settles pending renewals. */
  #fulfilRenewal(expiresAt: number | null): void {
    if (this.#credentials?.isRenewed !== false) return
    this.#ledger.fulfil('room.renew', (id) => ({ kind: 'response', id, method: 'room.renew', result: { expiresAt } }))
  }

  /** The server does not take the user in, at least not now or not this way. */
  #refuse(now: Micros, error: ResponseError): void {
    const hasExpired = error.code.endsWith('_EXPIRED')
    if (error.code === 'RESUME_FAILED' || (hasExpired && this.#credentials?.isRenewed === true)) {
      this.#credentials?.forgotten()
      this.#sendEntry(now)
    } else if (isErrorCode(error.code) && errorCodes[error.code].retryable) {
      this.#giveUp(now, error)
    } else {
      this.#end(hasExpired && this.#hasEntered ? 'expired' : 'refused', error)
    }
  }

  #handleNotification(now: Micros, notification: Notification): void {
    // Notifications before the answer to the entry are part of that answer as well.
    if (this.#phase === 'live') {
      this.#useNotification(notification)
      this.#outbox.tell({ kind: 'notification', ...notification })
    }
    if (notification.method === 'room.closed') this.#handleClosed(now, notification.params)
  }

  #useNotification(notification: Notification): void {
    const { method, params } = notification
    if (method === 'room.userList') {
      this.#tell(this.#users.replace(params.userList, params.audienceCount, this.#selfId))
    } else if (method === 'room.userEnter') {
      this.#tell(this.#users.enter(params.user, this.#selfId))
    } else if (method === 'room.userExit') {
      this.#tell(this.#users.exit(params.userId, params.reason))
    } else if (method === 'room.roleChanged' && params.userId === this.#selfId) {
      this.#credentials?.roleGiven(params.role === 'audience' ? 'audience' : 'anchor')
    }
  }

  #handleClosed(now: Micros, { reason, retryAfterMs = 0 }: NotificationParams<'room.closed'>): void {
    if (this.#phase === 'leaving') {
      this.#finishLeaving(true)
    } else if (reason === 'drain') {
      this.#giveUp(now, { ...ownError('DRAINING'), retryAfterMs })
    } else if (reason === 'expired' && this.#ledger.hasUnconfirmed('room.renew')) {
      // The fresh signature crossed the end of the old one on the way.
      this.#credentials?.forgotten()
      this.#giveUp(now, ownError('USER_SIG_EXPIRED'))
    } else {
      this.#end(reason, ownError(ENDED_CODES[reason]))
    }
  }

  #handleDeadline(now: Micros): void {
    if (this.#phase === 'waiting') this.#connect(now)
    else if (this.#phase === 'leaving') this.#finishLeaving(true)
    else if (this.#hasSocket()) this.#giveUp(now, ownError('TIMEOUT'))
  }

  /** Closes the socket from this side and goes on without it. */
  #giveUp(now: Micros, error: ResponseError): void {
    this.#disconnect(GIVEN_UP, error.code)
    this.#lose(now, error)
  }

  #disconnect(code: number, reason: string): void {
    if (this.#hasSocket()) this.#outbox.send({ kind: 'disconnect', code, reason })
  }

  /** There is no socket any more: tries again after a while that doubles and is never the same for all. */
  #lose(now: Micros, error: ResponseError): void {
    this.#lastError = error
    if (this.#phase === 'live' && now - this.#liveAt >= this.#limits.stableMicros) this.#delay.reset()
    this.#retry(now, now + this.#delay.next(error.retryAfterMs))
  }

  #retry(now: Micros, at: Micros): void {
    this.#heartbeat.stop()
    this.#ledger.connectionLost()
    if (this.#enterBy !== undefined && at >= this.#enterBy) {
      this.#setPhase('waiting', undefined)
      this.#end('unreachable', this.#lastError)
      return
    }
    this.#setPhase('waiting', at)
    if (at <= now) this.#connect(now)
    else this.#tellState()
  }

  #finishLeaving(hasSocket: boolean): void {
    if (!hasSocket) this.#phase = 'waiting'
    this.#end('left', undefined, 'The user left.')
  }

  #end(reason: EndReason, error: ResponseError | undefined, sentence = ''): void {
    this.#disconnect(NORMAL_CLOSURE, reason)
    this.#setPhase('closed', undefined)
    this.#enterBy = undefined
    this.#heartbeat.stop()
    this.#ledger.clear()
    this.#users.clear()
    this.#credentials = undefined
    this.#tellState()
    this.#outbox.tell({ kind: 'ended', reason, sentence, ...error })
  }

  #handleAnswer(event: ResponseEvent | FailureEvent, params: ParamsOf<SessionMethod>): void {
    this.#outbox.tell(event)
    if (event.kind === 'failure') {
      const isOwn = event.code === 'TIMEOUT' || event.code === 'CONNECTION_LOST' || event.code === 'TOO_MANY_REQUESTS'
      if (event.method === 'room.renew' && !isOwn) this.#credentials?.renewalRefused()
    } else if (event.method === 'room.renew') {
      this.#credentials?.renewalAccepted()
    } else if (event.method === 'room.switchRole') {
      this.#credentials?.roleGiven((params as ParamsOf<'room.switchRole'>).role)
    }
  }

  #tell(event: SessionEvent | undefined): void {
    if (event !== undefined) this.#outbox.tell(event)
  }
}

/** What only the latest of counts, and may be said twice; undefined for every other request. */
function standingKey<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): string | undefined {
  if (method === 'media.state') return `media.state ${(params as MediaStateParams).streamType}`
  return method === 'media.subscribe' || method === 'room.renew' ? method : undefined
}

function lost(closeCode: number): ResponseError {
  const { sentence } = errorCodes.CONNECTION_LOST
  return { code: 'CONNECTION_LOST', sentence: `${sentence} The WebSocket closed with ${closeCode}.` }
}
