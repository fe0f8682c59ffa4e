import {
  DEFAULT_BAN_MS,
  type ExitReason,
  type NotificationMethod,
  type NotificationParams,
  type RequestedRole,
  type RoomInfo,
  type TrackKind,
} from '@crossroom/protocol'
import { roomLimits } from '../config/index.js'
import type { DeviceMember } from './device-member.js'
import type { EnterRequest } from './doors/enter-request.js'
import type { RoomChanges } from './media/room-changes.js'
import type { Member } from './member.js'
import { Invitations } from './model/invitations.js'
import { roleOnEntry } from './model/policy.js'
import { Roster, type RosterEvent } from './model/roster.js'
import { Participant } from './participant.js'
import type { ParticipantRoom } from './request-handlers.js'
import type { RoomServices } from './services.js'
import type { MemberList } from './view/member-list.js'
import { RoomLevels } from './view/room-levels.js'
import { RoomLists } from './view/room-lists.js'
import { RoomMessages } from './view/room-messages.js'
import { RoomMixes } from './view/room-mixes.js'

/** Told by one room. */
export interface RoomHandlers {
  entered(member: Member): void
  exited(member: Member, reason: ExitReason): void
  /** It has been empty for a minute, or was disbanded. */
  over(room: Room): void
}

/** People and devices that see and hear each other: carries out the roster's decisions, and notifies all members. */
export class Room implements ParticipantRoom {
  readonly id: string
  /** Unix milliseconds. */
  readonly createdAt: number
  /** How often it was disbanded; resume tokens of another one are void. */
  readonly generation = 0
  readonly changes: RoomChanges
  readonly invitations: Invitations
  readonly messages: RoomMessages
  readonly mixes: RoomMixes
  readonly #services: RoomServices
  readonly #handlers: RoomHandlers
  readonly #roster = new Roster<Member>()
  readonly #lists: RoomLists
  readonly #levels: RoomLevels
  #cancelOver: (() => void) | undefined

  constructor(id: string, services: RoomServices, handlers: RoomHandlers) {
    this.id = id
    this.#services = services
    this.#handlers = handlers
    const { bans, clock, nowMs, newId, mixer, tokens } = services
    this.createdAt = nowMs()
    this.invitations = new Invitations({ nowMs, newId, isShut: (link) => bans.hasLinkOf(nowMs(), id, link) })
    const participants = () => this.#participants()
    const lists = (this.#lists = new RoomLists({
      ...{ clock, receivers: participants },
      members: () => this.members,
      told: () => this.mixes.update(),
    }))
    this.messages = new RoomMessages({
      ...{ clock, nowMs, newId, participants },
      find: (userId) => asParticipant(this.member(userId)),
    })
    this.mixes = new RoomMixes({ roomId: id, mixer, newId, tokens, list: () => this.list })
    const levels = (this.#levels = new RoomLevels({
      clock,
      speakers: () => this.#speakers(),
      audience: () => this.size,
      tell: (told) => this.notifyAll('media.levels', { levels: told }),
      reordered: () => lists.reordered(),
    }))
    this.changes = {
      changed: (what) => (what === 'list' ? lists.changed() : levels.audible()),
      // While a member receives levels.
      get soundMeter() {
        return participants().next().done === true ? undefined : services.soundMeter
      },
    }
    this.#waitForSomebody()
  }

  get owner(): Member | undefined {
    return this.#roster.owner
  }

  get size(): number {
    return this.#roster.size
  }

  get audienceCount(): number {
    return this.#roster.audience
  }

  /** The listed members at this moment. */
  get list(): MemberList {
    return this.#lists.list
  }

  /** Speakers, loudest first. */
  get speakers(): readonly string[] {
    return this.#levels.order
  }

  get members(): Iterable<Member> {
    return this.#roster.members
  }

  member(userId: string): Member | undefined {
    return this.#roster.member(userId)
  }

  info(): RoomInfo {
    const { id, createdAt } = this
    const { owner, anchors, audience } = this.#roster
    const limits = { members: roomLimits.members, anchors: roomLimits.anchors }
    return { roomId: id, name: id, ownerId: owner?.userId ?? null, createdAt, anchors, audience, limits }
  }

  /** Throws RoomError when it may not, or when the room is full. */
  enter(request: EnterRequest): Participant {
    const { identity, client, userName, remoteAddress, earlier } = request
    const { userId, permissions } = identity
    const role = roleOnEntry(identity, request.role)
    this.#roster.check(this.member(userId), role === 'audience')
    const options = { room: this, services: this.#services, userId, userName: userName ?? userId, role, permissions }
    const participant = new Participant({ ...options, kind: client.kind, remoteAddress, earlier }, request)
    this.#tell(this.#roster.enter(participant))
    this.#welcome(participant)
    return participant
  }

  /** Throws RoomError when the room accepts no further sending member. */
  checkDevice(): void {
    this.#roster.check(undefined, false)
  }

  addDevice(device: DeviceMember): void {
    this.#tell(this.#roster.enter(device))
  }

  /** Idempotent. Only the others are notified: a session ended by the server was notified before. */
  exit(member: Member, reason: ExitReason): void {
    this.#tell(this.#roster.exit(member, reason))
  }

  notifyAll<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    for (const participant of this.#participants()) participant.notify(method, params)
  }

  switchRole(member: Member, role: RequestedRole): void {
    this.#tell(this.#roster.setRole(member, role))
  }

  requestMic(member: Member): void {
    this.#tell(this.#roster.askForMic(member))
  }

  withdrawMic(member: Member): void {
    this.#tell(this.#roster.withdrawMic(member))
  }

  answerMic(userId: string, accepted: boolean, by?: string): void {
    this.#tell(this.#roster.answerMic(userId, accepted, by))
  }

  removeMic(userId: string, by?: string): void {
    this.#tell(this.#roster.removeMic(userId, by))
  }

  /** Updates an owner who was absent: all pending requests, and those that ended. */
  tellMicRequests(participant: Participant): void {
    if (participant !== this.owner) return
    const waiting = this.#roster.waiting(participant)
    participant.micRequests.keep(new Set(waiting.map(({ person }) => person.userId)))
    this.#tell(waiting)
  }

  /** Ends a membership and keeps the user out for `banMs`. */
  kick(userId: string, banMs: number): void {
    const member = this.#roster.require(userId)
    this.#services.bans.add(this.#services.nowMs(), this.id, userId, banMs)
    if (member instanceof Participant) member.end('kicked')
    else this.exit(member, 'kicked')
  }

  mute(userId: string, kind: TrackKind, muted: boolean, by?: string): void {
    this.#tell(this.#roster.mute(userId, kind, muted, by))
  }

  /** Everybody out. Devices, which come back by themselves, are kept out for a minute. */
  disband(): void {
    this.#roster.disown()
    for (const member of [...this.members])
      if (member instanceof Participant) member.end('disbanded')
      else {
        this.#services.bans.add(this.#services.nowMs(), this.id, member.userId, DEFAULT_BAN_MS)
        this.exit(member, 'disbanded')
      }
    this.#finish()
  }

  /** The server shuts down: each member is told its own time to return. */
  drain(): void {
    for (const participant of this.#participants())
      participant.hangUp('drain', { retryAfterMs: Math.round(this.#services.random() * roomLimits.drainRetryMs) })
    for (const member of [...this.members]) this.exit(member, 'left')
    this.#finish()
  }

  #tell(events: readonly RosterEvent<Member>[]): void {
    for (const event of events) this.#handle(event)
  }

  #handle(event: RosterEvent<Member>): void {
    const { person } = event
    switch (event.kind) {
      case 'replaced':
        return this.#replace(person, event.by)
      case 'entered':
        return this.#handleEntered(person)
      case 'exited':
        return this.#handleExited(person, event.reason)
      case 'listed':
      case 'unlisted':
        return this.#handleListed(person)
      case 'role':
        return this.#tellRole(person, event.by, event.entering)
      case 'muted':
        return this.#handleMuted(event)
      case 'asked':
        asParticipant(event.owner)?.micRequests.requested(person)
        return
      case 'withdrawn':
        asParticipant(event.owner)?.micRequests.withdrawn(person.userId)
        return
      case 'answered': {
        const { accepted, by } = event
        if (by !== undefined) asParticipant(this.member(by))?.micRequests.answered(person.userId)
        const params = { userId: person.userId, accepted, ...(by === undefined ? {} : { by }) }
        asParticipant(person)?.notify('mic.answered', params)
      }
    }
  }

  /** The same user again: the streams pass on, so that their players stay; the second session ends the first. */
  #replace(present: Member, next: Member): void {
    asParticipant(present)?.hangUp('replaced')
    const { mediaId } = present
    const streams = next.isListed ? present.giveStreams() : []
    if (present.isListed && !next.isListed) this.#lists.left(present.userId, 'audience')
    if (!present.isListed) this.#lists.countChanged()
    // Its publications end here; the new session is not told of them.
    present.close()
    if (next.isListed) next.adopt(mediaId, streams)
    this.#handlers.exited(present, 'replaced')
  }

  #handleEntered(member: Member): void {
    this.#cancelOver?.()
    this.#cancelOver = undefined
    if (member.isListed) {
      this.#lists.changed()
      // A device has the streams that it pushes.
      if (member instanceof Participant) member.openStream('main')
    } else this.#lists.countChanged()
    this.#handlers.entered(member)
  }

  #handleExited(member: Member, reason: ExitReason): void {
    if (member.isListed) this.#lists.left(member.userId, reason)
    else this.#lists.countChanged()
    member.close()
    this.#handlers.exited(member, reason)
    if (this.size === 0) this.#waitForSomebody()
  }

  #handleListed(member: Member): void {
    const participant = asParticipant(member)
    if (participant === undefined) return
    this.mixes.drop(participant.sessionId)
    if (participant.isListed) participant.openStream('main')
    else {
      this.#lists.left(participant.userId, 'audience')
      participant.stopSending()
    }
    this.#lists.countChanged()
  }

  #handleMuted({ person, track, muted, by }: Extract<RosterEvent<Member>, { kind: 'muted' }>): void {
    person.applyMutes()
    const params = { userId: person.userId, kind: track, muted, ...(by === undefined ? {} : { by }) }
    for (const participant of this.#participants()) if (participant.isListed) participant.notify('room.muted', params)
  }

  /** A new member reads its role in the answer to its request. */
  #tellRole({ userId, role }: Member, by?: string, entering?: Member): void {
    const params = { userId, role, ...(by === undefined ? {} : { by }) }
    for (const participant of this.#participants())
      if (participant !== entering) participant.notify('room.roleChanged', params)
    this.#lists.changed()
  }

  /** State that the list lacks, sent after the answer to the request. */
  #welcome(participant: Participant): void {
    this.#services.clock.after(0, () => {
      this.tellMicRequests(participant)
      participant.catchUp(this.list)
      for (const { network, userId, isListed } of this.#participants())
        if (network.quality !== undefined && isListed && userId !== participant.userId)
          participant.notify('media.quality', { userId, ...network.quality })
    })
  }

  *#participants(): Generator<Participant, void> {
    for (const member of this.members) if (member instanceof Participant) yield member
  }

  *#speakers() {
    for (const member of this.members)
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

function asParticipant(member: Member | undefined): Participant | undefined {
  return member instanceof Participant ? member : undefined
}
