import type {
  ExitReason,
  NotificationMethod,
  NotificationParams,
  RequestedRole,
  Role,
  RoomInfo,
  TrackKind,
} from '@crossroom/protocol'
import { DEFAULT_BAN_MS } from '@crossroom/protocol'
import { roomLimits } from '../config/limits.js'
import type { DeviceMember } from './device-member.js'
import type { EnterRequest } from './doors/enter-request.js'
import { LinkMic } from './model/link-mic.js'
import type { Member } from './member.js'
import type { MemberList } from './view/member-list.js'
import { Participant } from './participant.js'
import { mayBeAnchor } from './model/policy.js'
import { RoomError } from './model/room-error.js'
import { RoomLevels } from './view/room-levels.js'
import { RoomLists } from './view/room-lists.js'
import { RoomMessages } from './view/room-messages.js'
import { RoomMixes } from './view/room-mixes.js'
import type { RoomServices } from './services.js'
import type { SoundMeter } from './media/sound-meter.js'

/** Told by one room. */
export interface RoomHandlers {
  entered(member: Member): void
  exited(member: Member, reason: ExitReason): void
  /** Nobody has been in it for a minute, or it was disbanded. */
  over(room: Room): void
}

/** People and devices who see and hear each other. */
export class Room {
  readonly id: string
  /** Unix milliseconds. */
  readonly createdAt: number
  readonly mic = new LinkMic(this)
  readonly messages: RoomMessages
  readonly mixes: RoomMixes
  readonly #services: RoomServices
  readonly #handlers: RoomHandlers
  /** By user id, in the order in which they came. */
  readonly #members = new Map<string, Member>()
  readonly #lists: RoomLists
  readonly #levels: RoomLevels
  #owner: Participant | undefined
  #audienceCount = 0
  #cancelOver: (() => void) | undefined

  constructor(id: string, services: RoomServices, handlers: RoomHandlers) {
    this.id = id
    this.#services = services
    this.#handlers = handlers
    const { clock, nowMs, newId } = services
    this.createdAt = nowMs()
    this.#lists = new RoomLists({
      clock,
      members: () => this.members,
      participants: () => this.participants(),
      told: () => this.mixes.update(),
    })
    this.messages = new RoomMessages({
      ...{ clock, nowMs, newId },
      participants: () => this.participants(),
      find: (userId) => this.participant(userId),
    })
    const { mixer, tokens } = services
    this.mixes = new RoomMixes({ roomId: id, mixer, newId, tokens, list: () => this.list })
    this.#levels = new RoomLevels({
      clock,
      speakers: () => this.#speakers(),
      audience: () => this.#members.size,
      tell: (levels) => this.notifyAll('media.levels', { levels }),
      reordered: () => this.#lists.reordered(),
    })
    this.#waitForSomebody()
  }

  get owner(): Participant | undefined {
    return this.#owner
  }

  get size(): number {
    return this.#members.size
  }

  get audienceCount(): number {
    return this.#audienceCount
  }

  /** Owner, anchors and devices. */
  get anchorCount(): number {
    return this.#members.size - this.#audienceCount
  }

  /** Those who are listed, as they are at this moment. */
  get list(): MemberList {
    return this.#lists.list
  }

  /** Whom to hear first. */
  get speakers(): readonly string[] {
    return this.#levels.order
  }

  get members(): Iterable<Member> {
    return this.#members.values()
  }

  member(userId: string): Member | undefined {
    return this.#members.get(userId)
  }

  participant(userId: string): Participant | undefined {
    const member = this.#members.get(userId)
    return member instanceof Participant ? member : undefined
  }

  *participants(): Iterable<Participant> {
    for (const member of this.#members.values()) if (member instanceof Participant) yield member
  }

  info(): RoomInfo {
    const { id, createdAt, anchorCount: anchors, audienceCount: audience } = this
    const limits = { members: roomLimits.members, anchors: roomLimits.anchors }
    return { roomId: id, name: id, ownerId: this.#owner?.userId ?? null, createdAt, anchors, audience, limits }
  }

  /** Throws RoomError when it may not, or when the room is full. */
  enter(request: EnterRequest): Participant {
    const { identity, client, userName, remoteAddress } = request
    const { userId, permissions } = identity
    const present = this.#members.get(userId)
    const role: Role = identity.isOwner ? 'owner' : roleOf(request)
    this.checkRoom(present, role === 'audience')
    const wasOwner = present !== undefined && present === this.#owner
    const options = { room: this, services: this.#services, userId, userName: userName ?? userId, role, permissions }
    const participant = new Participant({ ...options, kind: client.kind, remoteAddress }, request)
    if (present !== undefined) this.#replace(present, participant)
    if (participant.isListed) {
      participant.openStream('main')
      this.mic.forget(userId)
    }
    // Before it is in: its own role stands in the answer to its request.
    const mayOwn = permissions.createRoom && this.#owner === undefined
    if (role === 'owner' || (role === 'anchor' && (wasOwner || mayOwn))) this.#makeOwner(participant)
    this.#add(participant)
    if (wasOwner && this.#owner === undefined) this.#passOwnership()
    this.#welcome(participant)
    return participant
  }

  addDevice(device: DeviceMember): void {
    this.#add(device)
  }

  /** Throws RoomError when nobody more, or nobody more who sends, may come in. Who replaces somebody takes that place. */
  checkRoom(replaced: Member | undefined, isAudience: boolean): void {
    const members = this.#members.size - (replaced === undefined ? 0 : 1)
    if (members >= roomLimits.members)
      throw new RoomError('ROOM_FULL', `The room is full: it takes ${String(roomLimits.members)} members.`)
    const anchors = this.anchorCount - (replaced?.isListed === true ? 1 : 0)
    if (!isAudience && anchors >= roomLimits.anchors)
      throw new RoomError(
        'TOO_MANY_ANCHORS',
        `The room takes ${String(roomLimits.anchors)} who send; enter as audience.`,
      )
  }

  /** Idempotent. Nobody is told why but the others: a session that the server ends was told before. */
  exit(member: Member, reason: ExitReason): void {
    if (this.#members.get(member.userId) !== member) return
    this.#members.delete(member.userId)
    this.mic.forget(member.userId)
    if (member.isListed) this.#lists.left(member.userId, reason)
    else this.#countAudience(-1)
    member.close()
    if (member === this.#owner) this.#passOwnership()
    this.#handlers.exited(member, reason)
    if (this.#members.size === 0) this.#waitForSomebody()
  }

  /** What others see or hear changed. */
  changed(): void {
    this.#lists.changed()
  }

  /** While anybody is told of levels. */
  get soundMeter(): SoundMeter | undefined {
    for (const _participant of this.participants()) return this.#services.soundMeter
    return undefined
  }

  audible(): void {
    this.#levels.audible()
  }

  notifyAll<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    for (const participant of this.participants()) participant.notify(method, params)
  }

  /** An anchor needs permission to send; an owner who steps back hands the room on. */
  switchRole(participant: Participant, role: RequestedRole): void {
    if (role === 'anchor' && participant.role === 'audience') this.setRole(participant, 'anchor')
    else if (role === 'audience' && participant.role !== 'audience') this.setRole(participant, 'audience')
  }

  setRole(participant: Participant, role: RequestedRole, by?: string): void {
    if (role === 'anchor' && !mayBeAnchor(participant.permissions))
      throw new RoomError('NO_PERMISSION', 'The signature does not allow to send anything.')
    if (participant.isListed === (role === 'anchor')) return
    if (role === 'anchor') this.checkRoom(participant, false)
    participant.role = role
    this.mixes.drop(participant.sessionId)
    if (role === 'anchor') {
      participant.openStream('main')
      this.mic.forget(participant.userId)
      this.#countAudience(-1)
    } else {
      this.#lists.left(participant.userId, 'audience')
      participant.stopSending()
      this.#countAudience(1)
      if (participant === this.#owner) this.#passOwnership()
    }
    if (role === 'anchor' && this.#owner === undefined && participant.permissions.createRoom)
      this.#makeOwner(participant)
    else this.#tellRole(participant, by)
    this.changed()
  }

  /** Ends a membership and keeps the user out for `banMs`. */
  kick(userId: string, banMs: number): void {
    const member = this.#require(userId)
    this.#services.bans.add(this.id, userId, banMs)
    if (member instanceof Participant) member.end('kicked')
    else this.exit(member, 'kicked')
  }

  /** What is muted is withheld by the server, for as long as the member is here. */
  mute(userId: string, kind: TrackKind, muted: boolean, by?: string): void {
    const member = this.#require(userId)
    member.muteByOthers(kind, muted)
    const params = { userId, kind, muted, ...(by === undefined ? {} : { by }) }
    for (const participant of this.participants()) if (participant.isListed) participant.notify('room.muted', params)
  }

  /** Everybody out. Devices, which come back by themselves, are kept out for a minute. */
  disband(): void {
    // Else it would pass to one after the other of those who are about to go.
    this.#owner = undefined
    for (const member of [...this.#members.values()])
      if (member instanceof Participant) member.end('disbanded')
      else {
        this.#services.bans.add(this.id, member.userId, DEFAULT_BAN_MS)
        this.exit(member, 'disbanded')
      }
    this.#finish()
  }

  /** The server goes down: everybody is told to come back at a time of their own. */
  drain(): void {
    for (const participant of this.participants())
      participant.hangUp('drain', { retryAfterMs: Math.round(this.#services.random() * roomLimits.drainRetryMs) })
    for (const member of [...this.#members.values()]) this.exit(member, 'left')
    this.#finish()
  }

  #add(member: Member): void {
    this.#cancelOver?.()
    this.#cancelOver = undefined
    this.#members.set(member.userId, member)
    if (member.isListed) this.changed()
    else this.#countAudience(1)
    this.#handlers.entered(member)
  }

  /** The same user again: the streams pass on, so that those who play them stay; a second session ends the first. */
  #replace(present: Member, participant: Participant): void {
    if (present instanceof Participant) present.hangUp('replaced')
    const streams = participant.isListed ? present.giveStreams() : []
    if (present.isListed && !participant.isListed) this.#lists.left(present.userId, 'audience')
    if (!present.isListed) this.#countAudience(-1)
    this.#members.delete(present.userId)
    if (present === this.#owner) this.#owner = undefined
    // Its publications end here; the new session is not told of them.
    present.close()
    participant.adopt(present, streams)
    this.#handlers.exited(present, 'replaced')
  }

  #require(userId: string): Member {
    const member = this.#members.get(userId)
    if (member === undefined) throw new RoomError('USER_NOT_FOUND', 'Nobody with this user id is in the room.')
    return member
  }

  #makeOwner(participant: Participant): void {
    const before = this.#owner
    if (before !== undefined && before !== participant) {
      before.role = 'anchor'
      this.#tellRole(before)
    }
    this.#owner = participant
    participant.role = 'owner'
    this.#tellRole(participant)
    this.changed()
  }

  /** What a list does not say, once the answer to its request is out. */
  #welcome(participant: Participant): void {
    this.#services.clock.after(0, () => {
      if (participant === this.#owner) this.mic.tellOwner(participant)
      participant.catchUp(this.list)
      for (const { network, userId, isListed } of this.participants())
        if (network.quality !== undefined && isListed && userId !== participant.userId)
          participant.notify('media.quality', { userId, ...network.quality })
    })
  }

  /** To the anchor who has been here longest of those who may create rooms; to nobody when there is none. */
  #passOwnership(): void {
    this.#owner = undefined
    for (const participant of this.participants()) {
      if (participant.role !== 'anchor' || !participant.permissions.createRoom) continue
      this.#makeOwner(participant)
      this.mic.tellOwner(participant)
      return
    }
  }

  #tellRole({ userId, role }: Participant, by?: string): void {
    this.notifyAll('room.roleChanged', { userId, role, ...(by === undefined ? {} : { by }) })
  }

  #countAudience(by: 1 | -1): void {
    this.#audienceCount += by
    this.#lists.countChanged()
  }

  *#speakers() {
    for (const member of this.#members.values())
      if (member.isListed) yield { userId: member.userId, main: member.streamOf('main') }
  }

  #waitForSomebody(): void {
    this.#cancelOver?.()
    this.#cancelOver = this.#services.clock.after(roomLimits.emptyMicros, () => this.#finish())
  }

  #finish(): void {
    this.#cancelOver?.()
    this.#lists.close()
    this.#levels.close()
    this.mixes.close()
    this.#handlers.over(this)
  }
}

/** Who does not say what to be is an anchor if the signature allows to send something. */
function roleOf({ role, identity }: EnterRequest): RequestedRole {
  const mayAnchor = mayBeAnchor(identity.permissions)
  if (role === 'anchor' && !mayAnchor)
    throw new RoomError('NO_PERMISSION', 'The signature does not allow to send anything; enter as audience.')
  return role ?? (mayAnchor ? 'anchor' : 'audience')
}
