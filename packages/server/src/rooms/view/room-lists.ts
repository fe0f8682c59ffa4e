import type { ExitReason } from '@crossroom/protocol'
import { roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import { Fold } from './fold.js'
import { changeOf, listOf, type Listable, type ListChange, type MemberList } from './member-list.js'

/** A receiver of the list. */
export interface ListReceiver {
  readonly isListed: boolean
  /** The list changed: `changeFrom` returns the changes since the known one. */
  update(list: MemberList, changeFrom: (told: MemberList) => ListChange): void
  tellList(list: MemberList): void
}

export interface RoomListsOptions {
  readonly clock: Clock
  readonly members: () => Iterable<Listable>
  readonly receivers: () => Iterable<ListReceiver>
  /** All members were notified of a change. */
  readonly told: () => void
}

/** Notifies members: the list after every change, and the audience count for listed members. */
export class RoomLists {
  readonly #options: RoomListsOptions
  readonly #listFold: Fold
  readonly #countFold: Fold
  /** Reasons of leaves that are not yet reported to all. */
  readonly #reasons = new Map<string, ExitReason>()
  #list: MemberList | undefined

  constructor(options: RoomListsOptions) {
    this.#options = options
    this.#listFold = new Fold(options.clock, roomLimits.foldMicros, () => this.#tellList())
    this.#countFold = new Fold(options.clock, roomLimits.countMicros, () => this.#tellCount())
  }

  /** The listed members at this moment. */
  get list(): MemberList {
    return (this.#list ??= listOf(this.#options.members()))
  }

  /** A visible or audible property changed. */
  changed(): void {
    this.#list = undefined
    this.#listFold.touch()
  }

  /** The list is the same, but derived state changed. */
  reordered(): void {
    this.#listFold.touch()
  }

  left(userId: string, reason: ExitReason): void {
    this.#reasons.set(userId, reason)
    this.changed()
  }

  countChanged(): void {
    this.#countFold.touch()
  }

  close(): void {
    this.#listFold.close()
    this.#countFold.close()
  }

  #tellList(): void {
    const { list } = this
    // Nearly everybody knows the same list: each change is worked out once.
    const changes = new Map<MemberList, ListChange>()
    const changeFrom = (told: MemberList): ListChange => {
      const known = changes.get(told) ?? changeOf(told, list, this.#reasons)
      changes.set(told, known)
      return known
    }
    for (const receiver of this.#options.receivers()) receiver.update(list, changeFrom)
    this.#reasons.clear()
    this.#options.told()
  }

  #tellCount(): void {
    const { list } = this
    for (const receiver of this.#options.receivers()) if (receiver.isListed) receiver.tellList(list)
  }
}
