import type { NotificationParams } from '@crossroom/protocol'
import { clusterLimits } from '../../config/index.js'
import type { StreamKey } from '../../hub/index.js'
import { LocalMember } from '../local-member.js'
import type { Member, MemberRoom } from '../member.js'
import { linkOf, type GuestPass } from '../model/invitations.js'
import { RoomError } from '../model/room-error.js'
import type { Roster, RosterEvent } from '../model/roster.js'
import type { RoomServices } from '../services.js'
import { Fold } from '../view/fold.js'
import type { MessageReceiver } from '../view/room-messages.js'
import { CarriedStreams } from './carried-streams.js'
import { DocumentWriter } from './own-document.js'
import { RemoteMember } from './remote-member.js'
import { RemoteMembers } from './remote-members.js'
import type { RoomCommand, RoomEvent } from './room-document.js'
import { HeadKeeper } from './room-head-keeper.js'
import type { RoomNetwork, RoomsNetwork } from './room-network.js'

export interface RoomUnionOptions {
  readonly room: MemberRoom & { readonly recording: { check(): void } }
  readonly services: RoomServices
  readonly network: RoomsNetwork
  readonly roster: Roster<Member>
  readonly tell: (events: readonly RosterEvent<Member>[]) => void
  readonly hear: (event: RoomEvent) => void
  readonly carryOut: (command: RoomCommand) => unknown
  /** By another node, while this one was cut off. */
  readonly banned: (member: LocalMember) => void
  /** By whatever node. */
  readonly disbanded: () => void
}

/** One room over many nodes: tells the others of the members here, and keeps the members there and the owner in the roster. */
export class RoomUnion {
  readonly #options: RoomUnionOptions
  readonly #network: RoomNetwork
  readonly #writer: DocumentWriter
  readonly #remote: RemoteMembers
  readonly #head: HeadKeeper
  readonly #documentFold: Fold
  readonly #audienceFold: Fold
  /** Members that read their role in the answer to their entry. */
  readonly #entering = new Set<Member>()
  /** Streams that other nodes publish, by the name of their key. */
  #placed = new Map<string, StreamKey>()
  readonly #carried: CarriedStreams
  #generation = 0
  #isClosed = false

  constructor(options: RoomUnionOptions) {
    this.#options = options
    const { room, services, network, roster, tell } = options
    const { clock, nowMs } = services
    this.#carried = new CarriedStreams(services.hub)
    this.#writer = new DocumentWriter(roster, nowMs)
    this.#documentFold = new Fold(clock, clusterLimits.documentMicros, () => this.#write())
    this.#audienceFold = new Fold(clock, clusterLimits.audienceMicros, () => this.#write())
    this.#network = network.join(room.id, {
      document: (tag, document) => this.#while(() => this.#remote.handleDocument(tag, document)),
      head: () => this.#while(() => this.#handleHead()),
      event: (event) => this.#while(() => options.hear(event)),
      command: (command) => options.carryOut(command),
      reachable: (tag, isReachable) => this.#while(() => this.#remote.handleReachable(tag, isReachable)),
      recovered: () => {
        this.#while(() => undefined)
        void this.#checkBans()
      },
    })
    this.#head = new HeadKeeper({ ...{ tag: network.tag, clock, nowMs, roster }, network: this.#network })
    this.#remote = new RemoteMembers({
      ...{ tag: network.tag, clock, roster, tell },
      make: (home, told) => new RemoteMember(room, services, home, told),
      isReachable: (tag) => this.#network.isReachable(tag),
      generation: () => this.#generation,
      changed: () => room.changes.changed('list'),
    })
    void this.#network.known.then(() => this.#while(() => this.#handleHead()))
  }

  /** Resolves when what the others have told is in the roster, or cannot be known in a moment. */
  get known(): Promise<void> {
    return this.#network.known
  }

  /** There is such a room, as far as is known. */
  get exists(): boolean {
    return this.#network.head !== undefined
  }

  get isKnown(): boolean {
    return this.#network.isKnown
  }

  get createdAt(): number | undefined {
    return this.#network.head?.createdAt
  }

  /** Other nodes have this room. */
  get spans(): boolean {
    return this.#network.others.length > 0
  }

  /** Another node takes members of this one. */
  get hasOthers(): boolean {
    return this.#options.network.hasOthers
  }

  get unnamed(): number {
    return this.#remote.unnamed
  }

  /** Another node records members of it. */
  get isRecordedElsewhere(): boolean {
    return this.#remote.isRecorded
  }

  get generation(): number {
    return this.#generation
  }

  /** Whether the user is banned by any node. */
  async isBanned(userId: string): Promise<boolean> {
    const isPresent = this.#options.roster.member(userId) !== undefined
    const names = [userId, isPresent ? undefined : linkOf(userId)].filter((name) => name !== undefined)
    const bans = await Promise.all(names.map((name) => this.#network.banOf(name)))
    return bans.some((until) => until !== undefined && until > this.#options.services.nowMs())
  }

  /** A member enters, and owns the room if `claims`. */
  enters(member: Member, claims: boolean): void {
    if (claims) this.#head.claim(member.userId)
    this.#entering.add(member)
  }

  /** Resolves when the entry is decided, or not in a moment: then `room.roleChanged` follows. */
  async entered(member: Member): Promise<void> {
    // Whoever enters on another node after the answer finds it.
    this.#documentFold.now()
    const { clock } = this.#options.services
    const late = new Promise<void>((resolve) => clock.after(clusterLimits.entryMicros, resolve))
    await Promise.race([this.#head.settle(), late])
    this.#entering.delete(member)
  }

  /** Of every event of the roster. */
  note(event: RosterEvent<Member>): void {
    this.#writer.note(event)
    this.#head.note(event)
    const isCrowd = !event.person.isListed && (event.kind === 'entered' || event.kind === 'exited')
    if (isCrowd) this.#audienceFold.touch()
    else this.#documentFold.touch()
    void this.#head.settle()
  }

  /** What lists show of a member here may have changed. */
  changed(): void {
    this.#documentFold.touch()
  }

  broadcast(event: RoomEvent): void {
    if (this.spans) this.#network.broadcast(event)
  }

  /** Of members of this node. */
  tellLevels(told: NotificationParams<'media.levels'>['levels']): void {
    const levels = told.filter(({ userId }) => !(this.#options.roster.member(userId) instanceof RemoteMember))
    if (levels.length > 0) this.broadcast({ kind: 'levels', levels })
  }

  /** Its socket is elsewhere: the message goes by the node that has it. */
  receiverOf({ userId, sessionId }: RemoteMember): MessageReceiver | undefined {
    if (sessionId === undefined) return undefined
    return { userId, notify: (_, message) => this.broadcast({ kind: 'message', message }) }
  }

  async ask(member: RemoteMember, command: RoomCommand): Promise<void> {
    await this.#network.ask(member.home.tag, command)
  }

  /** All other nodes with members. Rejects when one of them refuses. */
  async askOthers(command: RoomCommand): Promise<void> {
    const isGone = (error: unknown): boolean => error instanceof RoomError && error.code === 'ROOM_NOT_FOUND'
    const ask = async (tag: string): Promise<void> => {
      await this.#network.ask(tag, command).catch((error: unknown) => {
        if (!isGone(error)) throw error
      })
    }
    await Promise.all(this.#network.others.map(ask))
  }

  /** Takes an invitation that was made on another node. */
  async redeem(invite: string): Promise<GuestPass | undefined> {
    for (const tag of this.#network.others) {
      const answer = await this.#network.ask(tag, { do: 'redeem', invite }).catch(() => undefined)
      if (answer !== undefined && answer !== null) return answer as GuestPass
    }
    return undefined
  }

  ban(userId: string, until: number): void {
    this.#network.ban(userId, until)
    const link = linkOf(userId)
    if (link !== undefined) this.#network.ban(link, until)
    this.broadcast({ kind: 'banned', userId, until })
  }

  /** Everybody out on every node. Rejects when that cannot be decided now. */
  async disband(): Promise<void> {
    const { nowMs } = this.#options.services
    await this.#network.change(
      (head) => head && { ...head, owner: null, generation: Math.max(nowMs(), head.generation + 1) },
    )
  }

  /** This node publishes the stream of a member of another. The answer ends it. */
  carry(name: string): () => void {
    this.#writer.carries.add(name)
    this.#documentFold.touch()
    return () => {
      this.#writer.carries.delete(name)
      this.#documentFold.touch()
    }
  }

  /** `isAbandoned`: the members of this node are awaited on the others. Idempotent. */
  close(isAbandoned = false): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#documentFold.close()
    this.#audienceFold.close()
    this.#head.close()
    this.#remote.close()
    for (const member of [...this.#options.roster.members]) if (member instanceof RemoteMember) member.close()
    this.#carried.set(new Map())
    for (const key of this.#placed.values()) this.#options.services.places.set(this.#options.room.id, key, undefined)
    if (isAbandoned) this.#network.abandon()
    else {
      this.#write()
      this.#network.leave()
    }
  }

  /** Bans that were made while this node was cut off. */
  async #checkBans(): Promise<void> {
    for (const member of [...this.#options.roster.members])
      if (member instanceof LocalMember && (await this.isBanned(member.userId))) this.#options.banned(member)
  }

  /** Where the streams of members are published: at the member's own node, or one that carries it. */
  #place(): void {
    const { room, roster, services } = this.#options
    const placed = new Map<string, StreamKey>()
    const carried = new Map<string, StreamKey>()
    for (const member of roster.members)
      for (const { key } of member.streams) {
        const home = member instanceof RemoteMember && !member.isAway ? member.home.tag : undefined
        const node = this.#writer.carries.has(key.name) ? undefined : (this.#remote.carrierOf(key.name) ?? home)
        if (node !== undefined) (member instanceof RemoteMember ? placed : carried).set(key.name, key)
        services.places.set(room.id, key, node)
      }
    for (const [name, key] of this.#placed)
      if (!placed.has(name) && !carried.has(name)) services.places.set(room.id, key, undefined)
    this.#placed = new Map([...placed, ...carried])
    this.#carried.set(carried)
  }

  /** After what another node told. */
  #while(work: () => void): void {
    if (this.#isClosed) return
    const { room, services } = this.#options
    try {
      work()
      this.#place()
      room.recording.check()
      services.changedElsewhere(room.id)
    } catch (error) {
      services.log.error({ room: room.id, error }, 'What another node told of a room could not be taken')
    }
    void this.#head.settle()
  }

  #handleHead(): void {
    const { head } = this.#network
    if (head === undefined) {
      // Nobody was left: the next head begins anew.
      this.#generation = 0
      return
    }
    const { roster, tell, disbanded } = this.#options
    const before = this.#generation
    this.#generation = head.generation
    if (before !== 0 && head.generation > before) {
      disbanded()
      return
    }
    if (before !== head.generation) {
      this.#remote.handleGeneration()
      this.#documentFold.touch()
    }
    const entering = [...this.#entering].find(({ userId }) => userId === head.owner)
    tell(roster.setOwner(head.owner ?? undefined, entering))
  }

  #write(): void {
    const { room, services } = this.#options
    const recorded = services.recorder?.()?.isRecorded(room.id) === true
    this.#network.tell({ ...this.#writer.write(this.#generation), recorded })
  }
}
