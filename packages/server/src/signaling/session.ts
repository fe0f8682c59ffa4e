import {
  canonicalRoomId,
  isCallMethod,
  isErrorCode,
  limits,
  parseRequest,
  type CloseReason,
  type EnterParams,
  type ErrorCode,
  type IceServer,
  type NotificationMethod,
  type NotificationParams,
  type OnlineParams,
  type RenewParams,
  type Request,
  type RequestMethod,
} from '@crossroom/protocol'
import type { Micros } from '@crossroom/media'
import type { CallDesk, CallRequest, CallSeat } from '../calls/index.js'
import type { EntryVerifier } from '../auth/index.js'
import { roomLimits, signalingLimits } from '../config/index.js'
import { RateLimiter, type AddressRates } from '../net/index.js'
import {
  type AddressBook,
  type EnterRequest,
  type MemberConnection,
  type Membership,
  type ParticipantRequests,
  type RoomDirectory,
} from '../rooms/index.js'
import { Refused } from './refused.js'
import { RequestQueue, type QueuedRequest } from './request-queue.js'
import { SessionOutput, type OutputDeps, type SignalingSocket } from './session-output.js'

/** Dependencies of all sessions. */
export interface SessionDeps extends OutputDeps {
  readonly clock: { listened(): Micros }
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly rooms: RoomDirectory
  readonly verifier: EntryVerifier
  readonly entryRates: AddressRates
  /** Absent where nobody can be called. */
  readonly calls?: CallDesk | undefined
  iceServers(): readonly IceServer[]
}

/** Origin of one socket. */
export interface SessionOrigin {
  /** IP address without a port. */
  readonly remoteAddress: string
  readonly addresses: AddressBook
  /** The socket belongs to a member now and no longer counts as unauthorised. */
  entered(): void
}

/** RFC 6455 section 7.4.1. */
const CLOSE = { normal: 1000, goingAway: 1001, policy: 1008, tooLarge: 1009, failed: 1011 } as const
const RATE = {
  perSecond: signalingLimits.messagesPerSecond,
  burst: signalingLimits.messageBurst,
  overRateMicros: 0,
} as const

/**
 * One socket: reads requests, admits its user to a room, to calls or to both, passes each request on, and sends the
 * notifications.
 */
export class SignalingSession implements MemberConnection {
  readonly #socket: SignalingSocket
  readonly #deps: SessionDeps
  readonly #origin: SessionOrigin
  readonly #rate = new RateLimiter(RATE)
  readonly #openedAt: Micros
  #member: ParticipantRequests | undefined
  /** While the user can be called here. */
  #seat: CallSeat | undefined
  readonly #output: SessionOutput
  readonly #requests: RequestQueue
  #heardAt: Micros
  #silenceLimit: Micros = Infinity
  /** When we closed it. */
  #closedAt: Micros | undefined
  /** Rooms closed it: its member is somewhere else, or nowhere. */
  #isLetGo = false

  constructor(socket: SignalingSocket, origin: SessionOrigin, deps: SessionDeps) {
    this.#socket = socket
    this.#origin = origin
    this.#deps = deps
    this.#openedAt = this.#heardAt = deps.clock.listened()
    this.#output = new SessionOutput(socket, deps, origin.remoteAddress)
    this.#requests = new RequestQueue(deps.clock, {
      carryOut: (request) => this.#carryOut(request),
      answered: (request, result) => this.#handleAnswered(request, result),
      failed: (request, error) => this.#handleFailed(request, error),
    })
  }

  /** A message came; `text` is undefined when it was binary. */
  handleMessage(text: string | undefined): void {
    if (this.#closedAt !== undefined || !this.#isWithinRate()) return
    this.#deps.counters.messagesIn++
    if (text === undefined || (this.#isStranger && text.length > limits.messageBytesBeforeEntry)) {
      this.end(CLOSE.tooLarge, 'Messages must be text, at most 16 KiB before entering and 160 KiB after.')
      return
    }
    const reading = parseRequest(text)
    if (reading.ok) this.#handleRequest(reading.request)
    else this.#output.refuse(reading.refusal.id, reading.refusal.code, reading.refusal.sentence)
  }

  /** A ping of the WebSocket itself; the pong has the same payload (RFC 6455 section 5.5.3). */
  handlePing(data: Buffer): void {
    if (this.#closedAt !== undefined || !this.#isWithinRate()) return
    this.#output.pong(data)
  }

  /** The socket is gone: its member may resume, unless it was about to leave. Waiting requests are dropped. */
  handleClose(): void {
    this.#closedAt ??= this.#deps.clock.listened()
    this.#output.close()
    const isLeaving = this.#requests.has('room.leave')
    this.#requests.clear()
    const member = this.#member
    this.#member = undefined
    this.#seat?.lost()
    this.#seat = undefined
    if (isLeaving) member?.leave().catch(() => member.lost())
    else member?.lost()
  }

  /** Looks at the deadlines. */
  handleTimeout(now: Micros): void {
    this.#requests.handleTimeout(now)
    if (this.#closedAt !== undefined) {
      if (now - this.#closedAt >= signalingLimits.farewellMicros) this.#socket.terminate()
    } else if (this.#isStranger) {
      if (now - this.#openedAt >= signalingLimits.enterMicros) this.end(CLOSE.policy, 'No room was entered in time.')
    } else if (now - this.#heardAt >= this.#silenceLimit) {
      // The client does not answer: waiting for a closing handshake would only delay the member's grace.
      this.#socket.terminate()
    }
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    this.#output.notify(method, params)
  }

  close(reason: CloseReason | 'resumed', extra: { readonly retryAfterMs?: number } = {}): void {
    if (reason !== 'resumed') this.notify('room.closed', { reason, ...extra })
    this.#member = undefined
    this.#isLetGo = true
    if (this.#seat !== undefined && reason !== 'drain') return
    this.end(reason === 'drain' ? CLOSE.goingAway : CLOSE.normal, reason)
  }

  /** Ends the socket; a member that is still in its room may resume. Idempotent. */
  end(code: number, reason: string): void {
    if (this.#closedAt !== undefined) return
    this.#closedAt = this.#deps.clock.listened()
    this.#requests.clear()
    this.#output.close()
    this.#socket.close(code, reason)
  }

  #isWithinRate(): boolean {
    const now = this.#deps.clock.listened()
    this.#heardAt = now
    if (this.#rate.take(now, 1) === 0) return true
    this.#deps.counters.refused('TOO_MANY_REQUESTS')
    this.end(CLOSE.policy, 'Too many messages in a short time.')
    return false
  }

  /** A ping is answered immediately: it tests the socket, not the room. */
  #handleRequest(request: Request): void {
    if (request.method === 'room.ping') this.#output.answer(request.id, { now: this.#deps.nowMs() })
    else this.#requests.add(request)
  }

  async #carryOut(request: QueuedRequest): Promise<object> {
    switch (request.method) {
      case 'room.enter':
        return this.#enter(request.params)
      case 'room.resume':
        return this.#resume(request.params.resumeToken)
      case 'room.renew':
        return this.#renew(request.params)
      case 'room.leave':
        await this.#requireMember().leave()
        return {}
      case 'user.online':
        return this.#goOnline(request.params)
      default:
        if (isCallRequest(request)) return this.#callRequest(request)
        return this.#requireMember().request(request.method, request.params)
    }
  }

  #handleAnswered({ id, method }: QueuedRequest, result: object): void {
    this.#output.answer(id, result)
    if (isEntry(method) || isCallMethod(method)) this.#output.release()
    if (method !== 'room.leave') return
    this.#member = undefined
    if (this.#seat === undefined) this.end(CLOSE.normal, 'left')
  }

  /** It is unknown whether the room has handled the request, so the client should retry on another socket. */
  #handleFailed({ id, method }: QueuedRequest, error: unknown): void {
    this.#output.fail(id, error)
    if (isEntry(method)) this.#output.forget()
    else if (isCallMethod(method)) this.#output.release()
    const isUnknown = isEntry(method) ? isLate(error) : method === 'room.leave' && this.#member !== undefined
    if (isUnknown) this.end(CLOSE.failed, 'The room did not answer.')
  }

  async #enter(params: EnterParams): Promise<object> {
    this.#requireNoMember()
    this.#countEntry()
    const { remoteAddress, addresses } = this.#origin
    const roomId = canonicalRoomId(params.roomId)
    const { sdkAppId, userId, userSig, privateMapKey } = params
    const credentials = { sdkAppId, roomId, userId, userSig, privateMapKey, remoteAddress }
    const isInvited = this.#deps.calls?.mayEnter(roomId, userId)
    if (isInvited === false) throw new Refused('NO_PERMISSION', 'Only users who accepted the call may enter its room.')
    const { verifier } = this.#deps
    const identity = await (isInvited === true ? verifier.identify(credentials) : verifier.verify(credentials))
    if ('code' in identity) throw new Refused(known(identity.code), identity.sentence)
    const { userName, role, client } = params
    return this.#enterAs({ roomId, identity, userName, role, client, remoteAddress, connection: this, addresses })
  }

  async #goOnline({ sdkAppId, userId, userSig, deviceId }: OnlineParams): Promise<object> {
    const { calls, verifier } = this.#deps
    if (calls === undefined) throw new Refused('UNKNOWN_METHOD', 'Nobody can be called on this server.')
    this.#countEntry()
    const { remoteAddress } = this.#origin
    const identity = await verifier.identify({ sdkAppId, userId, userSig, remoteAddress })
    if ('code' in identity) throw new Refused(known(identity.code), identity.sentence)
    if (this.#closedAt !== undefined) throw new Refused('CONNECTION_LOST')
    this.#seat?.lost()
    const online = calls.online(identity.userId, deviceId, this)
    this.#seat = online.seat
    this.#admitted(roomLimits.heartbeatMs)
    return { calls: online.calls, heartbeatMs: roomLimits.heartbeatMs, expiresAt: identity.expiresAt ?? null }
  }

  /** What a request causes is told after its answer. */
  #callRequest(request: CallRequestOf): Promise<object> {
    if (this.#seat === undefined) throw new Refused('NOT_ONLINE')
    this.#output.hold()
    return this.#seat.request(request.method, request.params)
  }

  /** An entry without an answer is undone: the member leaves, and its one-time token becomes valid again. */
  async #enterAs(entry: EnterRequest): Promise<object> {
    try {
      if (this.#closedAt !== undefined) throw new Refused('CONNECTION_LOST')
      this.#output.hold()
      const membership = await this.#deps.rooms.enter(entry)
      if (this.#closedAt === undefined) return this.#joined(membership)
      await membership.member.leave()
      throw new Refused('CONNECTION_LOST')
    } catch (error) {
      entry.identity.notEntered?.()
      throw error
    }
  }

  /** A member that came back to a socket that is gone is as lost as before, unless it is here by another one already. */
  async #resume(resumeToken: string): Promise<object> {
    this.#requireNoMember()
    this.#countEntry()
    this.#output.hold()
    const { remoteAddress, addresses } = this.#origin
    const membership = await this.#deps.rooms.resume(resumeToken, { connection: this, addresses, remoteAddress })
    if (this.#closedAt === undefined) return this.#joined(membership)
    if (!this.#isLetGo) membership.member.lost()
    throw new Refused('CONNECTION_LOST')
  }

  async #renew({ userSig, privateMapKey }: RenewParams): Promise<object> {
    const { userId, roomId } = this.#requireMember()
    const { remoteAddress } = this.#origin
    const identity = await this.#deps.verifier.verify({ roomId, userId, userSig, privateMapKey, remoteAddress })
    if ('code' in identity) throw new Refused(known(identity.code), identity.sentence)
    return this.#requireMember().renewed(identity)
  }

  #joined({ member, result }: Membership): object {
    this.#member = member
    this.#isLetGo = false
    this.#admitted(result.heartbeatMs)
    this.#deps.counters.entries++
    return { ...result, iceServers: this.#deps.iceServers() }
  }

  /** The socket is no stranger's any more. */
  #admitted(heartbeatMs: number): void {
    // Pages that are hidden and phones in a bad network are slower than the heartbeats of a cluster.
    const countedMs = heartbeatMs === roomLimits.clusterHeartbeatMs ? roomLimits.heartbeatMs : heartbeatMs
    this.#silenceLimit = (signalingLimits.missedHeartbeats + 0.5) * countedMs * 1000
    this.#origin.entered()
  }

  get #isStranger(): boolean {
    return this.#member === undefined && this.#seat === undefined
  }

  #countEntry(): void {
    const wait = this.#deps.entryRates.take(this.#deps.clock.listened(), this.#origin.remoteAddress)
    if (wait === 0) return
    const retryAfterMs = Math.ceil(wait / 1000)
    throw new Refused('TOO_MANY_REQUESTS', 'Too many entries from this address in a short time.', retryAfterMs)
  }

  #requireMember(): ParticipantRequests {
    if (this.#member === undefined) throw new Refused('NOT_ENTERED')
    return this.#member
  }

  #requireNoMember(): void {
    if (this.#member !== undefined) throw new Refused('ALREADY_ENTERED')
  }
}

type CallRequestOf = Extract<QueuedRequest, { readonly method: CallRequest }>

function isCallRequest(request: QueuedRequest): request is CallRequestOf {
  return isCallMethod(request.method) && request.method !== 'user.online'
}

/** It makes a member of the socket. */
function isEntry(method: RequestMethod): boolean {
  return method === 'room.enter' || method === 'room.resume'
}

function isLate(error: unknown): boolean {
  return error instanceof Refused && error.code === 'TIMEOUT'
}

function known(code: string): ErrorCode {
  return isErrorCode(code) ? code : 'INTERNAL'
}
