import type { WebSocket } from 'ws'
import {
  canonicalRoomId,
  isErrorCode,
  limits,
  parseRequest,
  writeError,
  writeResult,
  type CloseReason,
  type EnterParams,
  type ErrorCode,
  type IceServer,
  type NotificationMethod,
  type NotificationParams,
  type ParamsOf,
  type RenewParams,
  type Request,
  type RequestId,
} from '@crossroom/protocol'
import type { Micros } from '@crossroom/media'
import type { EntryVerifier } from '../auth/index.js'
import { signalingLimits } from '../config/index.js'
import { RateLimiter, type AddressRates } from '../net/index.js'
import type { Audit, Log } from '../observe/index.js'
import {
  RoomError,
  type AddressBook,
  type EnterRequest,
  type MemberConnection,
  type MemberMethod,
  type ParticipantRequests,
  type RoomDirectory,
} from '../rooms/index.js'
import type { SignalingCounters } from './counters.js'
import type { Outbox } from './outbox.js'

/** What all sessions share. */
export interface SessionDeps {
  readonly clock: { listened(): Micros }
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly rooms: RoomDirectory
  readonly verifier: EntryVerifier
  readonly entryRates: AddressRates
  readonly outbox: Outbox
  readonly counters: SignalingCounters
  readonly log: Log
  readonly audit: Audit
  iceServers(): readonly IceServer[]
}

/** Where one socket comes from. */
export interface SessionOrigin {
  /** IP address without a port. */
  readonly remoteAddress: string
  readonly addresses: AddressBook
  /** It is a member's now: it counts no more as a stranger's. */
  entered(): void
}

/** RFC 6455 section 7.4.1. */
const CLOSE = { normal: 1000, goingAway: 1001, policy: 1008, tooLarge: 1009, failed: 1011 } as const
const SEND_TEXT = { binary: false, compress: false } as const
const RATE = {
  perSecond: signalingLimits.messagesPerSecond,
  burst: signalingLimits.messageBurst,
  overRateMicros: 0,
} as const

/** A request that is answered with an error of the protocol. */
class Refused extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, sentence?: string, retryAfterMs?: number) {
    super(sentence)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** One socket: reads requests, lets its user in, hands each request to the member, and carries what rooms tell. */
export class SignalingSession implements MemberConnection {
  readonly #socket: WebSocket
  readonly #deps: SessionDeps
  readonly #origin: SessionOrigin
  readonly #rate = new RateLimiter(RATE)
  readonly #openedAt: Micros
  #member: ParticipantRequests | undefined
  #entering = false
  #heardAt: Micros
  #silenceLimit: Micros = Infinity
  /** When we closed it. */
  #closedAt: Micros | undefined

  constructor(socket: WebSocket, origin: SessionOrigin, deps: SessionDeps) {
    this.#socket = socket
    this.#origin = origin
    this.#deps = deps
    this.#openedAt = this.#heardAt = deps.clock.listened()
  }

  /** A message came; `text` is undefined when it was binary. */
  handleMessage(text: string | undefined): void {
    if (this.#closedAt !== undefined || !this.#isWithinRate()) return
    this.#deps.counters.messagesIn++
    if (text === undefined || (this.#member === undefined && text.length > limits.messageBytesBeforeEntry)) {
      this.end(CLOSE.tooLarge, 'Messages must be text, at most 16 KiB before entering and 160 KiB after.')
      return
    }
    const reading = parseRequest(text)
    if (reading.ok) this.#handleRequest(reading.request)
    else this.#refuse(reading.refusal.id, reading.refusal.code, reading.refusal.sentence)
  }

  /** A ping of the WebSocket itself; the pong says the same (RFC 6455 section 5.5.3). */
  handlePing(data: Buffer): void {
    if (this.#closedAt !== undefined || !this.#isWithinRate()) return
    this.#socket.pong(data)
    this.#boundBuffer()
  }

  /** The socket is gone. */
  handleClose(): void {
    this.#closedAt ??= this.#deps.clock.listened()
    const member = this.#member
    this.#member = undefined
    member?.lost()
  }

  /** Looks at the deadlines. */
  handleTimeout(now: Micros): void {
    if (this.#closedAt !== undefined) {
      if (now - this.#closedAt >= signalingLimits.farewellMicros) this.#socket.terminate()
    } else if (this.#member === undefined) {
      if (now - this.#openedAt >= signalingLimits.enterMicros) this.end(CLOSE.policy, 'No room was entered in time.')
    } else if (now - this.#heardAt >= this.#silenceLimit) {
      // Nobody answers there: waiting for a closing handshake would only delay the member's grace.
      this.#socket.terminate()
    }
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    this.#send(this.#deps.outbox.write(method, params))
  }

  close(reason: CloseReason | 'resumed', extra: { readonly retryAfterMs?: number } = {}): void {
    if (reason !== 'resumed') this.notify('room.closed', { reason, ...extra })
    this.#member = undefined
    this.end(reason === 'drain' ? CLOSE.goingAway : CLOSE.normal, reason)
  }

  /** Ends the socket; a member that is still in its room may resume. Idempotent. */
  end(code: number, reason: string): void {
    if (this.#closedAt !== undefined) return
    this.#closedAt = this.#deps.clock.listened()
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

  #handleRequest(request: Request): void {
    try {
      switch (request.method) {
        case 'room.ping':
          this.#answer(request.id, { now: this.#deps.nowMs() })
          return
        case 'room.enter':
          void this.#settle(request.id, this.#enter(request.params))
          return
        case 'room.resume':
          this.#resume(request.id, request.params.resumeToken)
          return
        case 'room.renew':
          void this.#settle(request.id, this.#renew(request.params))
          return
        case 'room.leave':
          this.#leave(request.id)
          return
        default:
          this.#ask(request.id, request.method, request.params)
      }
    } catch (error) {
      this.#fail(request.id, error)
    }
  }

  /** A room that lives here answers at once, so that its answers keep the order of the requests. */
  #ask<Method extends MemberMethod>(id: RequestId, method: Method, params: ParamsOf<Method>): void {
    const result = this.#requireMember().request(method, params)
    if (result instanceof Promise) void this.#settle(id, result)
    else this.#answer(id, result)
  }

  async #enter(params: EnterParams): Promise<object> {
    this.#requireNoMember()
    this.#countEntry()
    const { remoteAddress, addresses } = this.#origin
    const roomId = canonicalRoomId(params.roomId)
    this.#entering = true
    try {
      const { sdkAppId, userId, userSig, privateMapKey } = params
      const credentials = { sdkAppId, roomId, userId, userSig, privateMapKey, remoteAddress }
      const identity = await this.#deps.verifier.verify(credentials)
      if ('code' in identity) throw new Refused(known(identity.code), identity.sentence)
      if (this.#closedAt !== undefined) {
        identity.notEntered?.()
        return {}
      }
      const { userName, role, client } = params
      return this.#enterAs({ roomId, identity, userName, role, client, remoteAddress, connection: this, addresses })
    } finally {
      this.#entering = false
    }
  }

  #enterAs(entry: EnterRequest): object {
    try {
      return this.#joined(this.#deps.rooms.enter(entry))
    } catch (error) {
      entry.identity.notEntered?.()
      throw error
    }
  }

  #resume(id: RequestId, resumeToken: string): void {
    this.#requireNoMember()
    this.#countEntry()
    const member = this.#deps.rooms.resume(resumeToken, this, this.#origin.addresses)
    this.#answer(id, this.#joined(member))
  }

  async #renew({ userSig, privateMapKey }: RenewParams): Promise<object> {
    const { userId, roomId } = this.#requireMember()
    const { remoteAddress } = this.#origin
    const identity = await this.#deps.verifier.verify({ roomId, userId, userSig, privateMapKey, remoteAddress })
    if ('code' in identity) throw new Refused(known(identity.code), identity.sentence)
    return this.#requireMember().renewed(identity)
  }

  #leave(id: RequestId): void {
    const member = this.#requireMember()
    this.#member = undefined
    member.leave()
    this.#answer(id, {})
    this.end(CLOSE.normal, 'left')
  }

  #joined(member: ParticipantRequests): object {
    const result = member.enterResult()
    this.#member = member
    this.#silenceLimit = (signalingLimits.missedHeartbeats + 0.5) * result.heartbeatMs * 1000
    this.#origin.entered()
    this.#deps.counters.entries++
    return { ...result, iceServers: this.#deps.iceServers() }
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
    if (this.#member !== undefined || this.#entering) throw new Refused('ALREADY_ENTERED')
  }

  async #settle(id: RequestId, result: Promise<object>): Promise<void> {
    try {
      this.#answer(id, await result)
    } catch (error) {
      this.#fail(id, error)
    }
  }

  #fail(id: RequestId, error: unknown): void {
    if (error instanceof Refused) {
      this.#refuse(id, error.code, error.message === '' ? undefined : error.message, error.retryAfterMs)
    } else if (error instanceof RoomError) {
      const { remoteAddress: from } = this.#origin
      if (error.code === 'RESUME_FAILED') this.#deps.audit.refused({ what: 'resume', from, code: error.code })
      this.#refuse(id, error.code, error.message)
    } else {
      this.#deps.log.error({ error }, 'A signaling request failed')
      this.#refuse(id, 'INTERNAL')
    }
  }

  #refuse(id: RequestId | null, code: ErrorCode, sentence?: string, retryAfterMs?: number): void {
    this.#deps.counters.refused(code)
    this.#send(Buffer.from(writeError(id, code, sentence, retryAfterMs)))
  }

  #answer(id: RequestId, result: object): void {
    this.#send(Buffer.from(writeResult(id, result)))
  }

  #send(bytes: Buffer): void {
    if (this.#closedAt !== undefined) return
    this.#deps.counters.messagesOut++
    this.#socket.send(bytes, SEND_TEXT)
    this.#boundBuffer()
  }

  /** Who does not read what it is sent is cut off. */
  #boundBuffer(): void {
    if (this.#socket.bufferedAmount > signalingLimits.bufferedBytes) this.#socket.terminate()
  }
}

function known(code: string): ErrorCode {
  return isErrorCode(code) ? code : 'INTERNAL'
}
