import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import { errorCodes, type ErrorCode } from '../error-codes.js'
import { parseNotification, parseResponse, parseResult, type Response, type ResponseError } from '../json-rpc.js'
import { readJson } from '../json.js'
import { limits as messageLimits } from '../limits.js'
import type { ClientKind } from '../model.js'
import type { Notification, NotificationParams } from '../notifications.js'
import type { EnterResult, RenewParams, SubscribeParams } from '../request-shapes.js'
import type { ParamsOf } from '../requests.js'
import { Mismatch } from '../shape.js'
import { Credentials, type SessionEnterParams } from './credentials.js'
import { Heartbeat } from './heartbeat.js'
import { ReconnectDelay } from './reconnect-delay.js'
import { isRetryable, ownError, RequestLedger } from './request-ledger.js'
import type {
  EndReason,
  EntryKind,
  SessionEvent,
  SessionInput,
  SessionMethod,
  SessionOutput,
  SessionState,
} from './session-events.js'
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from './session-limits.js'
import { SessionPhase } from './session-phase.js'
import { UserList } from './user-list.js'

export interface RoomSessionOptions {
  /** What `room.enter` says of the program that drives the session. */
  readonly client: { readonly kind: ClientKind; readonly version: string }
  /** 0 to 1, 1 excluded, as Math.random: spreads the attempts of many clients over time. */
  readonly random: () => number
  /** What differs from `DEFAULT_SESSION_LIMITS`. */
  readonly limits?: Partial<SessionLimits>
}

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
  readonly #phase: SessionPhase
  readonly #ledger: RequestLedger
  readonly #users: UserList
  readonly #heartbeat: Heartbeat
  readonly #delay: ReconnectDelay
  readonly #outbox = new Outbox<SessionOutput, SessionEvent>()
  #credentials: Credentials | undefined
  #isResuming = false
  #lastError: ResponseError = ownError('TIMEOUT')
  #unreadable = 0
  #turn = 0

  constructor(options: RoomSessionOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits }
    this.#phase = new SessionPhase(this.#limits)
    this.#users = new UserList(this.#limits.users)
    this.#heartbeat = new Heartbeat(this.#limits)
    this.#delay = new ReconnectDelay(this.#limits, options.random)
    this.#ledger = new RequestLedger(this.#limits, {
      send: (text) => this.#outbox.send({ kind: 'send', text }),
      event: (event, params) => {
        this.#outbox.tell(event)
        this.#credentials?.answered(event, params)
      },
    })
  }

  get state(): SessionState {
    return this.#phase.state
  }

  /** Messages that were neither an answer nor a notification known to this version. */
  get unreadable(): number {
    return this.#unreadable
  }

  /** Begins a session; ignored while there is one. Ends in the event `entered` or `ended`. */
  enter(now: Micros, params: SessionEnterParams): void {
    if (this.state !== 'idle' && this.state !== 'closed') return
    this.#credentials = new Credentials(this.#options.client, params)
    this.#users.selfId = params.userId
    this.#delay.reset()
    this.#lastError = ownError('TIMEOUT')
    this.#phase.begin(now)
    this.#connect(now)
  }

  /** Ends the session: tells the server when there is one to tell. Ends in the event `ended`. */
  leave(now: Micros): void {
    if (!this.#phase.isActive) return
    // A server that is still reading room.enter reads this one after it.
    if (this.#phase.name !== 'live' && this.#phase.name !== 'entering') {
      this.#end('left', undefined, 'The user left.')
      return
    }
    this.#phase.leaving(now)
    this.#heartbeat.stop()
    this.#ledger.clear()
    this.#ledger.sendOwn('room.leave', {})
  }

  /**
   * Sends a request and answers its id, which comes back in the event `response` or `failure`. Without a connection it fails,
   * except for `media.subscribe`, `media.state` and `room.renew`: those are kept, and said when there is one again. After a
   * failure with TIMEOUT they are said again too, at the next heartbeat.
   */
  request<Method extends SessionMethod>(now: Micros, method: Method, params: ParamsOf<Method>): string {
    const id = this.#ledger.nextId()
    const isKept = this.#ledger.request(now, id, method, params, this.#phase)
    if (isKept && method === 'room.renew') this.#credentials?.renew(params as RenewParams)
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
    if (!this.#phase.isActive) return
    if (this.#phase.name === 'waiting') {
      this.#phase.hurry(now)
    } else if (this.#phase.mayReconnect(now)) {
      this.#disconnect(GIVEN_UP, 'network changed')
      this.#delay.reset()
      this.#retry(now, now)
    }
  }

  handleInput(now: Micros, input: SessionInput): void {
    switch (input.kind) {
      case 'open':
        if (this.#phase.name === 'connecting') this.#sendEntry(now)
        break
      case 'text':
        this.#handleText(now, input.text)
        break
      case 'closed':
        if (this.#phase.name === 'leaving') this.#finishLeaving(false)
        else if (this.#phase.hasSocket) this.#loseSocket(now, input.code)
        break
    }
  }

  poll(now: Micros): Polled<SessionOutput, SessionEvent> {
    if (this.#wakeAt <= now) this.#doWhatIsDue(now)
    return this.#outbox.take() ?? this.#wakeAt
  }

  #doWhatIsDue(now: Micros): void {
    if (this.#phase.isTooLate(now)) {
      this.#end('unreachable', this.#lastError)
      return
    }
    if (this.#phase.isOverdue(now)) this.#handleDeadline(now)
    if (this.#phase.name !== 'live') return
    this.#ledger.giveUpBy(now)
    const due = this.#heartbeat.takeDue(now)
    if (due === 'ping') this.#ledger.ping(now)
    if (due === 'dead') this.#giveUp(now, ownError('CONNECTION_LOST'))
  }

  get #wakeAt(): Micros {
    return Math.min(this.#phase.wakeAt, this.#heartbeat.nextAt ?? Infinity, this.#ledger.deadline ?? Infinity)
  }

  #connect(now: Micros): void {
    this.#phase.connecting(now, this.#patience)
    this.#outbox.send({ kind: 'connect', turn: this.#turn })
    this.#tellState()
  }

  /** For a socket to open. */
  get #patience(): Micros {
    const { connectMicros, firstConnectMicros } = this.#limits
    if (!this.#phase.hasEntered) return connectMicros
    const first = Math.max(firstConnectMicros, 1.5 * this.#heartbeat.interval)
    return Math.min(connectMicros, first * 2 ** Math.max(0, this.#delay.attempt - 1))
  }

  #tellState(): void {
    this.#tell(this.#phase.takeChange(this.#delay.attempt))
  }

  #sendEntry(now: Micros): void {
    this.#phase.entering(now)
    const request = this.#credentials?.nextRequest()
    if (request === undefined) return
    this.#isResuming = request.method === 'room.resume'
    this.#ledger.sendOwn(request.method, request.params)
  }

  #handleText(now: Micros, text: string): void {
    const { name } = this.#phase
    if (name !== 'entering' && name !== 'live' && name !== 'leaving') return
    this.#heartbeat.heard()
    const reading = readJson(text, messageLimits.serverMessageBytes)
    const response = reading.ok ? parseResponse(reading.value) : undefined
    const notification = reading.ok && response === undefined ? parseNotification(reading.value) : undefined
    if (response === undefined && notification === undefined) this.#unreadable += 1
    if (response !== undefined) this.#handleResponse(now, response)
    if (notification !== undefined) this.#handleNotification(now, notification)
  }

  #handleResponse(now: Micros, response: Response): void {
    const isOwn = this.#ledger.isOwn(response)
    if (this.#phase.name === 'leaving') {
      if (isOwn) this.#finishLeaving(true)
    } else if (this.#phase.name === 'live') {
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
    const how = this.#entryKind(result)
    this.#credentials?.accepted(result)
    this.#users.selfId = result.self.userId
    this.#phase.live(now)
    this.#heartbeat.start(now, result.heartbeatMs)
    this.#tellState()
    this.#outbox.tell({ kind: 'entered', how, result })
    this.#tell(this.#users.replace(result.userList, result.audienceCount))
    if (!this.#isResuming) this.#fulfilRenewal(result.expiresAt)
    this.#ledger.sendPersistent(now, how !== 'resumed')
  }

  #entryKind({ moved = false }: EnterResult): EntryKind {
    if (this.#isResuming) return moved ? 'moved' : 'resumed'
    return this.#phase.hasEntered ? 're-entered' : 'entered'
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
    } else if (isRetryable(error.code)) {
      this.#giveUp(now, error)
    } else {
      this.#end(hasExpired && this.#phase.hasEntered ? 'expired' : 'refused', error)
    }
  }

  #handleNotification(now: Micros, notification: Notification): void {
    // Notifications before the answer to the entry are part of that answer as well.
    if (this.#phase.name === 'live') {
      this.#tell(this.#users.take(notification))
      const { method, params } = notification
      if (method === 'room.roleChanged' && params.userId === this.#users.selfId)
        this.#credentials?.roleGiven(params.role === 'audience' ? 'audience' : 'anchor')
      this.#outbox.tell({ kind: 'notification', ...notification })
    }
    if (notification.method === 'room.closed') this.#handleClosed(now, notification.params)
  }

  #handleClosed(now: Micros, { reason, retryAfterMs = 0 }: NotificationParams<'room.closed'>): void {
    if (this.#phase.name === 'leaving') {
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
    if (this.#phase.name === 'waiting') this.#connect(now)
    else if (this.#phase.name === 'leaving') this.#finishLeaving(true)
    else if (this.#phase.hasSocket) this.#giveUp(now, ownError('TIMEOUT'))
  }

  /** Closes the socket from this side and goes on without it, at another address of the server: this one does not answer. */
  #giveUp(now: Micros, error: ResponseError): void {
    this.#turn++
    this.#disconnect(GIVEN_UP, error.code)
    this.#lose(now, error)
  }

  /** A node that does not even open one is down; one that had is asked again first, for it knows the PeerConnections. */
  #loseSocket(now: Micros, code: number): void {
    if (this.#phase.name === 'connecting') this.#turn++
    this.#lose(now, lost(code))
  }

  #disconnect(code: number, reason: string): void {
    if (this.#phase.hasSocket) this.#outbox.send({ kind: 'disconnect', code, reason })
  }

  /** There is no socket any more: tries again after a while that doubles and is never the same for all. */
  #lose(now: Micros, error: ResponseError): void {
    this.#lastError = error
    if (this.#phase.isStable(now)) this.#delay.reset()
    this.#retry(now, now + this.#delay.next(error.retryAfterMs))
  }

  #retry(now: Micros, at: Micros): void {
    this.#heartbeat.stop()
    this.#ledger.connectionLost()
    this.#phase.waiting(at)
    if (this.#phase.isTooLate(at)) this.#end('unreachable', this.#lastError)
    else if (at <= now) this.#connect(now)
    else this.#tellState()
  }

  #finishLeaving(hasSocket: boolean): void {
    if (!hasSocket) this.#phase.waiting(Infinity)
    this.#end('left', undefined, 'The user left.')
  }

  #end(reason: EndReason, error: ResponseError | undefined, sentence = ''): void {
    this.#disconnect(NORMAL_CLOSURE, reason)
    this.#phase.closed()
    this.#heartbeat.stop()
    this.#ledger.clear()
    this.#users.clear()
    this.#credentials = undefined
    this.#tellState()
    this.#outbox.tell({ kind: 'ended', reason, sentence, ...error })
  }

  #tell(event: SessionEvent | undefined): void {
    if (event !== undefined) this.#outbox.tell(event)
  }
}

function lost(closeCode: number): ResponseError {
  const { sentence } = errorCodes.CONNECTION_LOST
  return { code: 'CONNECTION_LOST', sentence: `${sentence} The WebSocket closed with ${closeCode}.` }
}
