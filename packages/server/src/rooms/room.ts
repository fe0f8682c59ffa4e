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
import { epochAfter, type EarlierMembership } from './model/membership.js'
import { Invitations } from './model/invitations.js'
import { roleOnEntry } from './model/policy.js'
import { Roster, type RosterEvent } from './model/roster.js'
import { asParticipant, Participant } from './participant.js'
import type { ParticipantRoom } from './request-handlers.js'
import type { RoomHandlers } from './room-handlers.js'
import type { RoomServices } from './services.js'
import { LocalMember } from './local-member.js'
import { RemoteMember } from './network/remote-member.js'
import { carryOut, type CommandedRoom } from './network/carry-out.js'
import { HandOver } from './network/hand-over.js'
import { hear } from './network/hear.js'
import { RoomUnion } from './network/room-union.js'
import type { MemberList } from './view/member-list.js'
import { RoomComposites } from './view/room-composites.js'
import { RoomLevels, speakersOf } from './view/room-levels.js'
import { RoomLists } from './view/room-lists.js'
import { RoomMessages } from './view/room-messages.js'
import { RoomMixes } from './view/room-mixes.js'
import { RoomRecording } from './view/room-recording.js'

const limits = { members: roomLimits.members, anchors: roomLimits.anchors }

/** Done at once, or by another node. */
type Done = void | Promise<void>

/** People and devices that see and hear each other: carries out the roster's decisions, and notifies all members. */
export class Room implements ParticipantRoom, CommandedRoom {
  readonly id: string
  /** Unix milliseconds. */
  readonly createdAt: number
  readonly changes: RoomChanges
  readonly invitations: Invitations
  readonly messages: RoomMessages
  readonly mixes: RoomMixes
  readonly composites: RoomComposites
  readonly recording: RoomRecording
  readonly #services: RoomServices
  readonly #handlers: RoomHandlers<Room>
  readonly #roster: Roster<Member>
  /** With the same room on other nodes of a cluster. */
  readonly union: RoomUnion | undefined
  #locals = 0
  readonly #lists: RoomLists
  readonly #levels: RoomLevels
  #cancelOver: (() => void) | undefined
  #handOver: HandOver | undefined

  constructor(id: string, services: RoomServices, handlers: RoomHandlers<Room>) {
    this.id = id
    this.#services = services
    this.#handlers = handlers
    const { bans, clock, nowMs, newId } = services
    const { network } = services.cluster ?? {}
    this.#roster = new Roster<Member>(network === undefined)
    this.createdAt = nowMs()
    this.invitations = new Invitations({ nowMs, newId, isShut: (link) => bans.hasLinkOf(nowMs(), id, link) })
    const participants = () => this.#participants()
    const isHeard = () => participants().next().done !== true || this.union?.spans === true
    const lists = (this.#lists = new RoomLists({
      ...{ clock, receivers: participants },
      members: () => this.members,
      told: () => [this.mixes, this.composites].forEach((made) => made.update()),
    }))
    this.messages = new RoomMessages({
      ...{ clock, nowMs, newId, participants },
      find: (userId) => {
        const member = this.member(userId)
        return member instanceof RemoteMember ? this.union?.receiverOf(member) : asParticipant(member)
      },
      broadcast: (message) => this.union?.broadcast({ kind: 'message', message }),
    })
    this.recording = new RoomRecording(this, services)
    const media = { ...services, roomId: id, list: () => this.list, speakers: () => this.speakers }
    this.mixes = new RoomMixes(media)
    const composites = (this.composites = new RoomComposites(media))
    const levels = (this.#levels = new RoomLevels({
      clock,
      speakers: () => speakersOf(this.members),
      audience: () => this.size,
      tell: (told) => this.#tellLevels(told),
      reordered: () => lists.reordered(),
    }))
    this.changes = {
      changed: (what) => {
        if (what === 'sound') levels.audible()
        else {
          lists.changed()
          this.union?.changed()
        }
      },
      // While a member receives levels, or a composite shows who is loudest.
      get soundMeter() {
        return isHeard() || composites.isUsed ? services.soundMeter : undefined
      },
    }
    this.union =
      network &&
      new RoomUnion({
        ...{ room: this, services, network, roster: this.#roster },
        tell: (events) => this.#tell(events),
        hear: (event) => hear(this, services, event),
        carryOut: (command) => carryOut(this, command),
        banned: (member) => this.putOut(member),
        disbanded: () => this.#empty(),
      })
    this.#waitForSomebody()
  }

  /** Grows when it is disbanded; resume tokens of another one are void. */
  get generation(): number {
    return this.union?.generation ?? 0
  }

  get owner(): Member | undefined {
    return this.#roster.owner
  }

  get size(): number {
    return this.#roster.size
  }

  get audienceCount(): number {
    return this.#roster.audience + (this.union?.unnamed ?? 0)
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

  /** Alone a room exists while this node has it. */
  get exists(): boolean {
    return this.union === undefined || this.union.exists || this.size > 0
  }

  member(userId: string): Member | undefined {
    return this.#roster.member(userId)
  }

  /** Throws USER_NOT_FOUND. */
  require(userId: string): Member {
    return this.#roster.require(userId)
  }

  info(): RoomInfo {
    const { id, audienceCount: audience } = this
    const { isOn: recording } = this.recording
    const createdAt = this.union?.createdAt ?? this.createdAt
    const { owner, anchors } = this.#roster
    return { roomId: id, name: id, ownerId: owner?.userId ?? null, createdAt, anchors, audience, limits, recording }
  }

  /** Somebody asks for it, without being a member here. */
  visited(): void {
    if (this.#locals === 0) this.#waitForSomebody()
  }

  /** Throws RoomError when it may not, or when the room is full. */
  enter(request: EnterRequest): Participant {
    const { identity, client, userName, remoteAddress, earlier } = request
    const { userId, permissions } = identity
    const asked = roleOnEntry(identity, request.role)
    // On many nodes it is decided whether it owns the room.
    const role = asked === 'owner' && this.union !== undefined ? 'anchor' : asked
    this.#roster.check(this.member(userId), role === 'audience')
    const options = { room: this, services: this.#services, userId, userName: userName ?? userId, role, permissions }
    const epoch = this.epochOf(userId, earlier)
    const participant = new Participant({ ...options, kind: client.kind, remoteAddress, earlier, epoch }, request)
    this.union?.enters(participant, asked === 'owner')
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

  /** For a new member of that user. */
  epochOf(userId: string, earlier?: EarlierMembership): number {
    const epoch = Math.max(earlier?.epoch ?? 0, this.member(userId)?.epoch ?? 0)
    return epochAfter({ epoch }, this.#services.nowMs())
  }

  /** On all nodes. */
  tellQuality(quality: NotificationParams<'media.quality'>): void {
    this.notifyAll('media.quality', quality)
    this.union?.broadcast({ kind: 'quality', quality })
  }

  /** Those of this node. */
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

  answerMic(userId: string, accepted: boolean, by?: string): Done {
    const member = this.#roster.require(userId)
    if (member instanceof RemoteMember) return this.#answerThere(member, accepted, by)
    this.#tell(this.#roster.answerMic(userId, accepted, by))
  }

  removeMic(userId: string, by?: string): Done {
    const there = this.#there(userId)
    if (there !== undefined) return this.union?.ask(there, { do: 'removeMic', userId, by })
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
  kick(userId: string, banMs: number): Done {
    const member = this.#roster.require(userId)
    this.#ban(userId, banMs)
    // Without an answer the ban stands.
    if (member instanceof RemoteMember && !member.isAway) return this.union?.ask(member, { do: 'kick', userId, banMs })
    this.putOut(member)
  }

  mute(userId: string, kind: TrackKind, muted: boolean, by?: string): Done {
    const there = this.#there(userId)
    if (there !== undefined) return this.union?.ask(there, { do: 'mute', userId, kind, muted, by })
    this.#tell(this.#roster.mute(userId, kind, muted, by))
  }

  /** Everybody out. Devices, which come back by themselves, are kept out for a minute. */
  disband(): Done {
    if (this.union?.exists === true) return this.union.disband()
    this.#empty()
  }

  /** The server shuts down: each member is told its own time to return; where another node takes it, at once. */
  drain(): Done {
    if (this.union?.hasOthers === true) return this.#moveMembers()
    for (const participant of this.#participants())
      participant.hangUp('drain', { retryAfterMs: Math.round(this.#services.random() * roomLimits.drainRetryMs) })
    for (const member of [...this.members]) if (member instanceof LocalMember) this.exit(member, 'left')
    this.#finish()
  }

  /** At once, with those that are awaited on other nodes. */
  abandon(): void {
    for (const member of [...this.members])
      if (member instanceof LocalMember) {
        asParticipant(member)?.hangUp('drain')
        member.close()
        this.#handlers.exited(member, 'left')
      }
    this.#locals = 0
    this.#finish(true)
  }

  /** Media goes on until the member is on another node. */
  async #moveMembers(): Promise<void> {
    for (const participant of this.#participants()) participant.hangUp('drain')
    this.#handOver = new HandOver(this.#services.clock, () => this.#participants().next().done === true)
    await this.#handOver.done
    if (this.#locals === 0) this.#finish()
    else this.abandon()
  }

  #tell(events: readonly RosterEvent<Member>[]): void {
    for (const event of events) {
      this.#apply(event)
      this.union?.note(event)
    }
  }

  #apply(event: RosterEvent<Member>): void {
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
        return asParticipant(event.owner)?.micRequests.requested(person)
      case 'withdrawn':
        return asParticipant(event.owner)?.micRequests.withdrawn(person.userId)
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
    if (next instanceof RemoteMember && present instanceof Participant && next.told.sessionId === present.sessionId)
      present.moved()
    if (present.isListed && !next.isListed) this.#lists.left(present.userId, 'audience')
    if (!present.isListed) this.#lists.countChanged()
    // Its publications end here; the new session is not told of them.
    present.close()
    if (next.isListed) next.adopt(mediaId, streams)
    this.#handleGone(present, 'replaced')
  }

  #handleEntered(member: Member): void {
    if (member.isListed) {
      this.#lists.changed()
      // A device has the streams that it pushes.
      if (member instanceof Participant) member.openStream('main')
    } else this.#lists.countChanged()
    if (!(member instanceof LocalMember)) return
    this.#locals++
    this.#cancelOver?.()
    this.#cancelOver = undefined
    this.#handlers.entered(member)
  }

  #handleExited(member: Member, reason: ExitReason): void {
    if (member.isListed) this.#lists.left(member.userId, reason)
    else this.#lists.countChanged()
    member.close()
    this.#handleGone(member, reason)
  }

  #handleGone(member: Member, reason: ExitReason): void {
    if (!(member instanceof LocalMember)) return
    this.#locals--
    this.#handlers.exited(member, reason)
    this.#departed()
  }

  #handleListed(member: Member): void {
    const participant = asParticipant(member)
    if (!member.isListed) this.#lists.left(member.userId, 'audience')
    this.#lists.countChanged()
    if (participant === undefined) return
    this.mixes.drop(participant.sessionId)
    if (participant.isListed) participant.openStream('main')
    else participant.stopSending()
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

  #tellLevels(levels: NotificationParams<'media.levels'>['levels']): void {
    this.notifyAll('media.levels', { levels })
    this.union?.tellLevels(levels)
  }

  isBanned(userId: string): boolean {
    return this.#services.bans.has(this.#services.nowMs(), this.id, userId)
  }

  /** Another node asked, and told everybody of the ban. */
  kickHere(member: LocalMember, banMs: number): void {
    this.#services.bans.add(this.#services.nowMs(), this.id, member.userId, banMs)
    this.putOut(member)
  }

  #there(userId: string): RemoteMember | undefined {
    const member = this.#roster.require(userId)
    return member instanceof RemoteMember ? member : undefined
  }

  #ban(userId: string, banMs: number): void {
    const nowMs = this.#services.nowMs()
    this.#services.bans.add(nowMs, this.id, userId, banMs)
    this.union?.ban(userId, nowMs + banMs)
  }

  async #answerThere(member: RemoteMember, accepted: boolean, by?: string): Promise<void> {
    const { userId } = member
    await this.union?.ask(member, { do: 'answerMic', userId, accepted, by })
    if (by !== undefined) asParticipant(this.member(by))?.micRequests.answered(userId)
  }

  putOut(member: Member): void {
    if (member instanceof Participant) member.end('kicked')
    else this.exit(member, 'kicked')
  }

  /** Everybody here. */
  #empty(): void {
    this.#roster.disown()
    for (const member of [...this.members])
      if (member instanceof Participant) member.end('disbanded')
      else if (member instanceof LocalMember) {
        this.#ban(member.userId, DEFAULT_BAN_MS)
        this.exit(member, 'disbanded')
      }
    this.#finish()
  }

  #departed(): void {
    this.#handOver?.check()
    if (this.#locals === 0) this.#waitForSomebody()
  }

  #waitForSomebody(): void {
    this.#cancelOver?.()
    this.#cancelOver = this.#services.clock.after(roomLimits.emptyMicros, () => this.#finish())
  }

  #finish(isAbandoned = false): void {
    this.#cancelOver?.()
    this.#lists.close()
    this.#levels.close()
    this.mixes.close()
    this.composites.close()
    this.union?.close(isAbandoned)
    this.#handlers.over(this)
  }
}
