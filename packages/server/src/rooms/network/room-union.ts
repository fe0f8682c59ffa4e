import { clusterLimits } from '../../config/index.js'
import { LocalMember } from '../local-member.js'
import type { Member, MemberRoom } from '../member.js'
import type { Roster, RosterEvent } from '../model/roster.js'
import type { RoomServices } from '../services.js'
import { Fold } from '../view/fold.js'
import { DocumentWriter } from './own-document.js'
import { RemoteMember } from './remote-member.js'
import { RemoteMembers } from './remote-members.js'
import type { RoomCommand, RoomEvent } from './room-document.js'
import { HeadKeeper } from './room-head-keeper.js'
import type { RoomNetwork, RoomsNetwork } from './room-network.js'

export interface RoomUnionOptions {
  readonly room: MemberRoom
  readonly services: RoomServices
  readonly network: RoomsNetwork
  readonly roster: Roster<Member>
  readonly tell: (events: readonly RosterEvent<Member>[]) => void
  readonly hear: (event: RoomEvent) => void
  readonly carryOut: (command: RoomCommand) => unknown
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
  #generation = 0
  #isClosed = false

  constructor(options: RoomUnionOptions) {
    this.#options = options
    const { room, services, network, roster, tell } = options
    const { clock, nowMs } = services
    this.#writer = new DocumentWriter(roster, nowMs)
    this.#documentFold = new Fold(clock, clusterLimits.documentMicros, () => this.#write())
    this.#audienceFold = new Fold(clock, clusterLimits.audienceMicros, () => this.#write())
    this.#network = network.join(room.id, {
      document: (tag, document) => this.#while(() => this.#remote.handleDocument(tag, document)),
      head: () => this.#while(() => this.#handleHead()),
      event: (event) => this.#while(() => options.hear(event)),
      command: (command) => options.carryOut(command),
      reachable: (tag, isReachable) => this.#while(() => this.#remote.handleReachable(tag, isReachable)),
      recovered: () => this.#while(() => undefined),
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

  get unnamed(): number {
    return this.#remote.unnamed
  }

  get generation(): number {
    return this.#generation
  }

  /** Whether the user is banned by any node. */
  async isBanned(userId: string): Promise<boolean> {
    const until = await this.#network.banOf(userId)
    return until !== undefined && until > this.#options.services.nowMs()
  }

  /** A member enters, and owns the room if `claims`. */
  enters(member: Member, claims: boolean): void {
    if (claims) this.#head.claim(member.userId)
    this.#entering.add(member)
  }

  /** Resolves when the entry is decided, or not in a moment: then `room.roleChanged` follows. */
  async entered(member: Member): Promise<void> {
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

  async ask(member: RemoteMember, command: RoomCommand): Promise<void> {
    await this.#network.ask(member.home.tag, command)
  }

  /** The first answer of another node that has one. */
  async askAll(command: RoomCommand): Promise<unknown> {
    for (const tag of this.#network.others) {
      const answer = await this.#network.ask(tag, command).catch(() => undefined)
      if (answer !== undefined && answer !== null) return answer
    }
    return undefined
  }

  ban(userId: string, until: number): void {
    this.#network.ban(userId, until)
    this.broadcast({ kind: 'banned', userId, until })
  }

  /** Everybody out on every node. Rejects when that cannot be decided now. */
  async disband(): Promise<void> {
    const { nowMs } = this.#options.services
    await this.#network.change(
      (head) => head && { ...head, owner: null, generation: Math.max(nowMs(), head.generation + 1) },
    )
  }

  /** Where the stream of that key is published: a member's own node, or one that carries it. */
  locate(name: string): string | undefined {
    for (const member of this.#options.roster.members)
      for (const { key } of member.streams)
        if (key.name === name)
          return member instanceof RemoteMember && !member.isAway ? member.home.tag : this.#remote.carrierOf(name)
    return undefined
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

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#documentFold.close()
    this.#audienceFold.close()
    this.#head.close()
    this.#remote.close()
    for (const member of [...this.#options.roster.members]) if (member instanceof RemoteMember) member.close()
    this.#write()
    this.#network.leave()
  }

  #while(work: () => void): void {
    if (this.#isClosed) return
    work()
    void this.#head.settle()
  }

  #handleHead(): void {
    const { head } = this.#network
    if (head === undefined) return
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
    this.#network.tell(this.#writer.write(this.#generation))
  }
}

/** It is served by this node. */
export function isLocal(member: Member): member is LocalMember {
  return member instanceof LocalMember
}
