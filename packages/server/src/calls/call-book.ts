import type { Machine, Micros, Polled } from '@crossroom/media'
import {
  DEFAULT_RING_MS,
  limits as messageLimits,
  type Call,
  type CallEndReason,
  type CallInviteParams,
  type CallMedia,
} from '@crossroom/protocol'
import { callLimits } from '../config/index.js'
import type { ActiveCall, CallSide } from './active-call.js'
import { BlockLists } from './block-lists.js'
import { CallError } from './call-error.js'
import { CallNotices, type CallEvent, type CallOutput, type Ended } from './call-notices.js'
import { CallRegister } from './call-register.js'
import { Devices } from './devices.js'

export interface CallBookOptions {
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  /** 128 bits at random, base64url: it names the room of a call. */
  readonly newId: () => string
  /** A user who is in a call: `reject` tells the caller that the line is busy, `waiting` rings all the same. */
  readonly whenBusy: 'reject' | 'waiting'
}

/** What a backend asks for; see `CallInviteParams`. */
export interface ServerCall {
  readonly callId: string
  readonly userIds: readonly string[]
  readonly media: CallMedia
  /** Rings as well. */
  readonly inviter?: string | undefined
  readonly data?: string | undefined
  readonly timeoutMs?: number | undefined
}

/** Rooms of calls, with the 128 bits of `newId`. */
const OWN_ROOM = /^call_[A-Za-z0-9_-]{22}$/

/**
 * Every call of this process: who is online, who rings, who accepted. Pure: its owner gives it requests and losses of devices
 * with their time, and polls. A device is a name; its notifications come out in order. Requests throw CallError.
 */
export class CallBook implements Machine<never, CallOutput, CallEvent> {
  readonly #options: CallBookOptions
  readonly #calls = new CallRegister()
  readonly #devices = new Devices()
  readonly #blocks = new BlockLists()
  readonly #notices = new CallNotices(this.#devices)
  /** No ring ends before; perhaps too early. */
  #nextRing: Micros = Infinity

  constructor(options: CallBookOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#calls.size
  }

  list(): Call[] {
    return this.#calls.all.map((call) => call.toJSON())
  }

  get(callId: string): Call | undefined {
    return this.#calls.get(callId)?.toJSON()
  }

  get usersOnline(): number {
    return this.#devices.users
  }

  /** Whether a user may enter the room of a call; undefined where it is no call's own room, present or past. */
  mayEnter(roomId: string, userId: string): boolean | undefined {
    const call = this.#calls.inRoom(roomId)
    if (call === undefined) return OWN_ROOM.test(roomId) ? false : undefined
    return call.sides.get(userId)?.state === 'accepted'
  }

  /** A device comes online, or back. The answer: the calls that ring or go on for its user. */
  online(device: string, userId: string): Call[] {
    if (!this.#devices.has(device) && this.#devices.of(userId).length >= callLimits.devicesOfUser)
      throw new CallError('TOO_MANY_REQUESTS', `A user is online on at most ${callLimits.devicesOfUser} devices.`)
    this.#devices.online(device, userId)
    const calls = this.#calls.of(userId).filter(({ sides }) => sides.get(userId)!.isBlocked === false)
    for (const call of calls) call.side(userId).wasReached = true
    return calls.map((call) => call.toJSON())
  }

  /** The socket of a device is gone. A call that was accepted on it goes on for a while. */
  lost(now: Micros, device: string): void {
    const calls = this.#calls.of(this.#devices.userOf(device) ?? '')
    const isInCall = calls.some((call) => call.in('accepted').some((side) => side.device === device))
    if (isInCall) this.#devices.lost(device, now + callLimits.lostMicros)
    else this.#devices.forget(device)
  }

  /** Whether calls of `userId` ring. */
  block(device: string, userId: string, isBlocked: boolean): void {
    this.#blocks.set(this.#userOf(device), userId, isBlocked)
  }

  invite(now: Micros, device: string, params: CallInviteParams): Call {
    const inviter = this.#userOf(device)
    const { callId, userIds, media } = params
    const present = this.#calls.get(callId)
    if (present !== undefined) {
      if (present.options.inviter === inviter && present.side(inviter).device === device) return present.toJSON()
      throw new CallError('CALL_EXISTS', 'There is another call with this id.')
    }
    if (userIds.includes(inviter)) throw new CallError('BAD_REQUEST', 'A user cannot invite itself.')
    this.#requireFree(inviter)
    const { data = '', timeoutMs = DEFAULT_RING_MS, roomId } = params
    const options = { callId, media, inviter, isByServer: false, data, ringMicros: timeoutMs * 1000 }
    const call = this.#open(options, roomId)
    const side = this.#calls.side(call, inviter)
    side.state = 'accepted'
    side.device = device
    this.#ring(now, call, userIds)
    return call.toJSON()
  }

  /** Rings for everybody named, the inviter first. */
  start(now: Micros, { callId, userIds, media, data = '', timeoutMs = DEFAULT_RING_MS, inviter }: ServerCall): Call {
    const users = [...new Set([...(inviter === undefined ? [] : [inviter]), ...userIds])]
    if (users.length < 2) throw new CallError('BAD_REQUEST', 'A call needs two users.')
    const options = { callId, media, inviter: inviter ?? null, isByServer: true, data, ringMicros: timeoutMs * 1000 }
    const call = this.#open(options)
    this.#ring(now, call, users)
    return call.toJSON()
  }

  accept(now: Micros, device: string, callId: string): Call {
    const [call, side] = this.#require(device, callId)
    if (side.state === 'accepted' && side.device === device) return call.toJSON()
    if (side.state !== 'ringing')
      throw new CallError('CALL_ANSWERED', 'The call was answered on another device, or does not ring any more.')
    return this.#take(call, side, device)
  }

  /** After a missed or rejected ring, after a hang-up, or on another device than before. */
  join(now: Micros, device: string, callId: string): Call {
    const [call, side] = this.#require(device, callId)
    if (side.state === 'accepted' && side.device === device) return call.toJSON()
    return this.#take(call, side, device)
  }

  reject(now: Micros, device: string, callId: string, data?: string): void {
    const [call, side] = this.#require(device, callId)
    if (side.state !== 'ringing') throw new CallError('CALL_ANSWERED', 'The call does not ring any more.')
    side.state = 'rejected'
    this.#notices.endForUser(side, call, ['otherDeviceReject'], device)
    this.#notices.refused(call, side, 'reject', data)
    this.#settle(call, ['reject', side.userId])
  }

  cancel(now: Micros, device: string, callId: string): void {
    const [call, side] = this.#require(device, callId)
    if (call.options.isByServer || call.options.inviter !== side.userId)
      throw new CallError('ROLE_FORBIDDEN', 'Only the inviter cancels a call.')
    if (call.startedAt !== null) throw new CallError('CALL_ANSWERED', 'The call was answered; hang up instead.')
    this.#leave(call, side, 'canceled', device)
  }

  hangup(now: Micros, device: string, callId: string, data?: string): void {
    const [call, side] = this.#require(device, callId)
    if (side.state === 'ringing') this.reject(now, device, callId, data)
    else if (side.state === 'accepted' && side.device === device)
      this.#leave(call, side, call.startedAt === null && !call.options.isByServer ? 'canceled' : 'hangup', device)
    else throw new CallError('CALL_ANSWERED', 'This device is not in the call.')
  }

  add(now: Micros, device: string, callId: string, userIds: readonly string[]): Call {
    const call = this.#requireAccepted(device, callId)
    const isIn = (userId: string): boolean => ['accepted', 'ringing'].includes(call.sides.get(userId)?.state ?? '')
    const added = userIds.filter((userId) => !isIn(userId))
    const size = new Set([...call.sides.keys(), ...added]).size
    if (size > messageLimits.callMembers)
      throw new CallError('CALL_FULL', `A call has at most ${messageLimits.callMembers} users.`)
    this.#ring(now, call, added)
    if (this.#isOpen(call)) this.#notices.changed(call)
    return call.toJSON()
  }

  setMedia(device: string, callId: string, media: CallMedia): void {
    const call = this.#requireAccepted(device, callId)
    if (call.media === media) return
    call.media = media
    this.#notices.changed(call)
  }

  /** False when there is no such call. */
  end(callId: string): boolean {
    const call = this.#calls.get(callId)
    if (call !== undefined) this.#end(call, ['endByServer'])
    return call !== undefined
  }

  handleInput(): void {
    // Requests are methods, because each has an answer.
  }

  poll(now: Micros): Polled<CallOutput, CallEvent> {
    const told = this.#notices.take()
    if (told !== undefined) return told
    this.#doWhatIsDue(now)
    return this.#notices.take() ?? this.#wakeAt
  }

  get #wakeAt(): Micros {
    return Math.min(this.#devices.nextGone, this.#nextRing)
  }

  #doWhatIsDue(now: Micros): void {
    for (const gone of this.#devices.takeGone(now))
      for (const call of this.#calls.all)
        for (const side of call.in('accepted')) if (side.device === gone) this.#leave(call, side, 'offline', gone)
    if (now < this.#nextRing) return
    this.#nextRing = Infinity
    for (const call of this.#calls.all) {
      for (const side of call.in('ringing')) if (side.ringsUntil <= now) this.#ringOut(call, side)
      for (const { ringsUntil } of call.in('ringing')) this.#nextRing = Math.min(this.#nextRing, ringsUntil)
    }
  }

  #ringOut(call: ActiveCall, side: CallSide): void {
    // Whoever ended the call in this turn has told this user already.
    if (!this.#isOpen(call)) return
    const reason = side.wasReached || side.isBlocked ? 'noResponse' : 'offline'
    side.state = 'noResponse'
    this.#notices.endForUser(side, call, ['noResponse'])
    this.#notices.refused(call, side, reason)
    this.#settle(call, [reason, side.userId])
  }

  #open(wanted: Omit<ActiveCall['options'], 'roomId' | 'ownsRoom'>, roomId?: string | number): ActiveCall {
    const place = roomId === undefined ? `call_${this.#options.newId()}` : String(roomId)
    return this.#calls.open({ ...wanted, roomId: place, ownsRoom: roomId === undefined })
  }

  #isOpen(call: ActiveCall): boolean {
    return this.#calls.get(call.callId) === call
  }

  /** Devices are told after all states are set, so that everybody is told the same call. */
  #ring(now: Micros, call: ActiveCall, userIds: readonly string[]): void {
    const { inviter, ringMicros } = call.options
    const busy: CallSide[] = []
    const rung: CallSide[] = []
    for (const userId of userIds) {
      const isBusy = this.#isBusy(userId)
      const side = this.#calls.side(call, userId)
      side.isBlocked = this.#blocks.has(userId, inviter)
      side.state = isBusy && !side.isBlocked ? 'busy' : 'ringing'
      side.device = undefined
      side.ringsUntil = now + ringMicros
      side.wasReached = this.#devices.of(userId).length > 0
      this.#nextRing = Math.min(this.#nextRing, side.ringsUntil)
      ;(side.state === 'busy' ? busy : rung).push(side)
    }
    for (const side of rung) this.#notices.ringing(call, side)
    for (const side of busy) this.#notices.refused(call, side, 'lineBusy')
    const [first] = busy
    if (first !== undefined) this.#settle(call, ['lineBusy', first.userId])
  }

  #isBusy(userId: string): boolean {
    const active = this.#calls.of(userId)
    const most = this.#options.whenBusy === 'reject' ? 1 : messageLimits.callsOfUser
    return active.length >= most
  }

  #take(call: ActiveCall, side: CallSide, device: string): Call {
    this.#requireFree(side.userId, call)
    const before = side.state === 'accepted' ? side.device : undefined
    const wasRinging = side.state === 'ringing'
    side.state = 'accepted'
    side.device = device
    if (call.in('accepted').length > 1) call.startedAt ??= this.#options.nowMs()
    if (wasRinging) this.#notices.endForUser(side, call, ['otherDeviceAccepted'], device)
    else if (before !== undefined) this.#notices.endFor(before, call, ['otherDeviceAccepted'])
    this.#notices.accepted(call, side)
    this.#notices.changed(call, device)
    return call.toJSON()
  }

  #leave(call: ActiveCall, side: CallSide, reason: CallEndReason, device: string): void {
    // An inviter may cancel on another device than the one that talks.
    if (side.device !== undefined && side.device !== device)
      this.#notices.endFor(side.device, call, [reason, side.userId])
    side.state = 'left'
    side.device = undefined
    this.#notices.left(call, side.userId, reason)
    if (reason === 'canceled') this.#end(call, ['canceled', side.userId])
    else this.#settle(call, [reason, side.userId])
  }

  /** Ends the call if nobody is left to talk to, else tells the others. */
  #settle(call: ActiveCall, ended: Ended): void {
    if (!this.#isOpen(call)) return
    if (call.isOver) this.#end(call, ended)
    else this.#notices.changed(call)
  }

  #end(call: ActiveCall, ended: Ended): void {
    this.#calls.close(call)
    const accepted = call.in('accepted')
    const ringing = call.in('ringing')
    for (const side of accepted) side.state = 'left'
    for (const side of ringing) side.state = 'noResponse'
    for (const { device } of accepted) if (device !== undefined) this.#notices.endFor(device, call, ended)
    const [reason, by] = ended
    const forRinging: Ended = reason === 'endByServer' ? ended : ['canceled', by]
    for (const side of ringing) this.#notices.endForUser(side, call, forRinging)
    this.#notices.ended(call, ended)
  }

  /** A user talks in one call at a time, and with `reject` rings in none meanwhile. */
  #requireFree(userId: string, except?: ActiveCall): void {
    const others = this.#calls.of(userId).filter((call) => call !== except)
    if (others.some(({ sides }) => sides.get(userId)!.state === 'accepted'))
      throw new CallError('LINE_BUSY', 'This user is in another call: hang up first.')
  }

  #require(device: string, callId: string): readonly [ActiveCall, CallSide] {
    const userId = this.#userOf(device)
    const call = this.#calls.get(callId)
    const side = call?.sides.get(userId)
    if (call === undefined || side === undefined || side.isBlocked)
      throw new CallError('CALL_NOT_FOUND', 'There is no such call, or this user is not in it.')
    return [call, side]
  }

  #requireAccepted(device: string, callId: string): ActiveCall {
    const [call, side] = this.#require(device, callId)
    if (side.state !== 'accepted' || side.device !== device)
      throw new CallError('CALL_NOT_FOUND', 'This device is not in the call.')
    return call
  }

  #userOf(device: string): string {
    const userId = this.#devices.userOf(device)
    if (userId === undefined) throw new CallError('NOT_ONLINE', 'Go online first.')
    return userId
  }
}
