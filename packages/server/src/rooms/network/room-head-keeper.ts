import { clusterLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import { LocalMember } from '../local-member.js'
import type { Member } from '../member.js'
import type { Roster, RosterEvent } from '../model/roster.js'
import type { RoomNetwork } from './room-network.js'
import type { RoomHead } from './room-document.js'

export interface HeadKeeperOptions {
  /** Of this node. */
  readonly tag: string
  readonly clock: Clock
  readonly nowMs: () => number
  readonly roster: Roster<Member>
  readonly network: RoomNetwork
}

/**
 * Keeps the head of a room true: this node stands in it while it has members, and an owner who is gone is followed by the
 * longest-present anchor that may own the room. Every node proposes what it sees, and compare-and-set decides: without its
 * acknowledgement nothing changes.
 */
export class HeadKeeper {
  readonly #options: HeadKeeperOptions
  /** Owners by their token, who need nobody's leave. */
  readonly #claims = new Set<string>()
  /** Owners who left this node: nobody else knows it sooner. */
  readonly #leftHere = new Set<string>()
  #missing: { readonly owner: string; readonly cancel: () => void; isOver: boolean } | undefined
  #proposal: Promise<void> | undefined
  #cancelRetry: (() => void) | undefined
  #isClosed = false

  constructor(options: HeadKeeperOptions) {
    this.#options = options
  }

  /** It owns the room from its entry on. */
  claim(userId: string): void {
    this.#claims.add(userId)
  }

  note(event: RosterEvent<Member>): void {
    const { kind, person } = event
    const isOver = kind === 'exited' || kind === 'unlisted'
    if (isOver && person instanceof LocalMember && person.userId === this.#options.network.head?.owner)
      this.#leftHere.add(person.userId)
    else if (kind === 'entered' || kind === 'listed') this.#leftHere.delete(person.userId)
  }

  /** Proposes what is to be changed, if anything. Resolves when that was acknowledged or failed. */
  async settle(): Promise<void> {
    this.#proposal ??= this.#propose().finally(() => (this.#proposal = undefined))
    await this.#proposal
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#missing?.cancel()
  }

  async #propose(): Promise<void> {
    const { network, clock } = this.#options
    // A moment later: what happens in one call is one change.
    await Promise.resolve()
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (this.#isClosed || !network.isKnown || this.#edit(network.head) === undefined) return
    const left = [...this.#leftHere]
    try {
      await network.change((head) => (this.#isClosed ? undefined : this.#edit(head)))
      this.#claims.clear()
      // Who is named again came back on a node that knows more.
      for (const userId of left) this.#leftHere.delete(userId)
    } catch {
      if (this.#isClosed) return
      this.#cancelRetry = clock.after(clusterLimits.retryMicros, () => void this.settle())
    }
  }

  readonly #edit = (head: RoomHead | undefined): RoomHead | undefined => {
    const { tag, roster, nowMs } = this.#options
    const hasMembers = [...roster.members].some((member) => member instanceof LocalMember)
    const hasLeft = this.#leftHere.has(head?.owner ?? '')
    if (!hasMembers && !hasLeft) return undefined
    const base = head ?? { owner: null, generation: nowMs(), createdAt: nowMs(), nodes: [] }
    const nodes = !hasMembers || base.nodes.includes(tag) ? base.nodes : [...base.nodes, tag]
    const owner = this.#ownerFor(base)
    return head !== undefined && nodes === base.nodes && owner === base.owner ? undefined : { ...base, nodes, owner }
  }

  #ownerFor({ owner }: RoomHead): string | null {
    const { roster } = this.#options
    for (const userId of this.#claims) if (roster.member(userId)?.isListed === true) return userId
    const { candidate } = roster
    if (owner === null) return candidate instanceof LocalMember ? candidate.userId : null
    const role = roster.member(owner)?.role
    if (role === 'owner' || role === 'anchor') {
      this.#stopMissing()
      return owner
    }
    return this.#isGone(owner) ? (candidate?.userId ?? null) : owner
  }

  /** Its document may come after the head that names it: it is missed for a moment before it counts as gone. */
  #isGone(owner: string): boolean {
    if (this.#leftHere.has(owner)) return true
    if (this.#missing?.owner === owner) return this.#missing.isOver
    this.#stopMissing()
    const cancel = this.#options.clock.after(clusterLimits.missingOwnerMicros, () => {
      if (this.#missing?.owner !== owner) return
      this.#missing.isOver = true
      void this.settle()
    })
    this.#missing = { owner, cancel, isOver: false }
    return false
  }

  #stopMissing(): void {
    this.#missing?.cancel()
    this.#missing = undefined
  }
}
