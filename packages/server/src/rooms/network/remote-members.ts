import type { ExitReason } from '@crossroom/protocol'
import { roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import type { Member } from '../member.js'
import type { Roster, RosterEvent } from '../model/roster.js'
import { RemoteMember, type Home } from './remote-member.js'
import type { DocumentMember, RoomDocument } from './room-document.js'

export interface RemoteMembersOptions {
  /** Of this node. */
  readonly tag: string
  readonly clock: Clock
  readonly roster: Roster<Member>
  readonly make: (home: Home, told: DocumentMember) => RemoteMember
  readonly isReachable: (tag: string) => boolean
  /** Documents of an earlier generation tell of members that are out. */
  readonly generation: () => number
  readonly tell: (events: readonly RosterEvent<Member>[]) => void
  /** What lists show of a member has changed. */
  readonly changed: () => void
}

/**
 * The members that other nodes serve, as their documents tell. Of one user the highest epoch is in the room, by equal ones the
 * higher tag: on every node the same, in whatever order the documents come.
 */
export class RemoteMembers {
  readonly #options: RemoteMembersOptions
  readonly #documents = new Map<string, RoomDocument>()
  readonly #away = new Map<RemoteMember, () => void>()
  #isClosed = false

  constructor(options: RemoteMembersOptions) {
    this.#options = options
  }

  /** Audience that no document names. */
  get unnamed(): number {
    let unnamed = 0
    for (const document of this.#documents.values()) unnamed += document.unnamed
    return unnamed
  }

  /** By a node that can be reached. */
  get isRecorded(): boolean {
    return [...this.#documents].some(([tag, { recorded }]) => recorded === true && this.#options.isReachable(tag))
  }

  /** A node publishes the stream of that key for a member of this one. */
  carrierOf(name: string): string | undefined {
    for (const [tag, { carries }] of this.#documents)
      if (carries.includes(name) && this.#options.isReachable(tag)) return tag
    return undefined
  }

  handleDocument(tag: string, document: RoomDocument): void {
    this.#documents.set(tag, document)
    const home = { tag, instance: document.instance }
    const members = this.#membersIn(document)
    for (const told of members) this.#reflect(home, told)
    const epochs = new Map(members.map(({ userId, epoch }) => [userId, epoch]))
    for (const member of this.#of(tag)) {
      const { userId, epoch } = member
      // A node that started anew knows nothing of the members of its life before: they may come back by any node.
      if (member.home.instance !== document.instance) this.#lose(member)
      else if (epochs.get(userId) !== epoch) this.#exit(member, document.left[userId] ?? 'left')
      else if (this.#options.isReachable(tag)) this.#find(member)
      else this.#lose(member)
    }
  }

  handleReachable(tag: string, isReachable: boolean): void {
    const document = this.#documents.get(tag)
    if (!isReachable) for (const member of this.#of(tag)) this.#lose(member)
    else if (document !== undefined) this.handleDocument(tag, document)
  }

  /** Documents count or no longer count. */
  handleGeneration(): void {
    for (const [tag, document] of [...this.#documents]) this.handleDocument(tag, document)
  }

  close(): void {
    this.#isClosed = true
    for (const cancel of this.#away.values()) cancel()
    this.#away.clear()
  }

  #membersIn({ generation, members }: RoomDocument): readonly DocumentMember[] {
    return generation === 0 || generation >= this.#options.generation() ? members : []
  }

  *#of(tag: string): Generator<RemoteMember, void> {
    for (const member of [...this.#options.roster.members])
      if (member instanceof RemoteMember && member.home.tag === tag) yield member
  }

  #reflect(home: Home, told: DocumentMember): void {
    const { roster, make, tell } = this.#options
    const present = roster.member(told.userId)
    if (present instanceof RemoteMember && present.epoch === told.epoch && isSame(present.home, home)) {
      this.#update(present, told)
      return
    }
    if (present !== undefined && !this.#isNewer(home, told, present)) return
    const member = make(home, told)
    member.mutedByOthers = told.muted
    tell(roster.enter(member))
    if (present instanceof RemoteMember) this.#stopWaiting(present)
    this.#update(member, told)
  }

  #isNewer(home: Home, { epoch }: DocumentMember, present: Member): boolean {
    if (epoch !== present.epoch) return epoch > present.epoch
    const tag = present instanceof RemoteMember ? present.home.tag : this.#options.tag
    return home.tag > tag
  }

  #update(member: RemoteMember, told: DocumentMember): void {
    const { roster, tell, changed } = this.#options
    const isSame = member.isUpdated && JSON.stringify(member.told) === JSON.stringify(told)
    if (isSame) return
    member.update(told)
    tell(roster.reflectRole(member, told.role, told.roleBy))
    for (const kind of ['audio', 'video'] as const)
      if (member.mutedByOthers[kind] !== told.muted[kind])
        tell(roster.mute(member.userId, kind, told.muted[kind], told.mutedBy))
    tell(roster.reflectAsking(member, told.asking))
    changed()
  }

  /** One that went to another node comes back with the document of that node. */
  #exit(member: RemoteMember, reason: ExitReason): void {
    if (reason === 'replaced') {
      this.#lose(member)
      return
    }
    const { roster, tell } = this.#options
    this.#stopWaiting(member)
    tell(roster.exit(member, reason))
    for (const [tag, document] of this.#documents) {
      const told = this.#membersIn(document).find(({ userId }) => userId === member.userId)
      // That of a dead node tells of an earlier life of the member.
      const isThere = tag !== member.home.tag && this.#options.isReachable(tag)
      if (told !== undefined && isThere) this.#reflect({ tag, instance: document.instance }, told)
    }
  }

  #find(member: RemoteMember): void {
    member.isAway = false
    this.#stopWaiting(member)
  }

  /** Its place, its role and its streams are kept as long as a socket may return. */
  #lose(member: RemoteMember): void {
    if (this.#away.has(member) || this.#isClosed) return
    member.isAway = true
    const { clock, roster, tell } = this.#options
    const cancel = clock.after(roomLimits.resumeMicros, () => {
      this.#away.delete(member)
      tell(roster.exit(member, 'lost'))
    })
    this.#away.set(member, cancel)
  }

  #stopWaiting(member: RemoteMember): void {
    this.#away.get(member)?.()
    this.#away.delete(member)
  }
}

function isSame(a: Home, b: Home): boolean {
  return a.tag === b.tag && a.instance === b.instance
}
