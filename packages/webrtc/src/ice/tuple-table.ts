import type { Micros } from '@crossroom/media'
import type { PeerAddress, VerifiedTuple } from './tuple.js'

/** Tuples of one session; otherwise a peer with the password could grow the table without limit. */
export const MAX_TUPLES = 8

/** The verified tuples of one session: few, so a scan beats a map. */
export class TupleTable {
  readonly #entries: VerifiedTuple[] = []

  get size(): number {
    return this.#entries.length
  }

  entries(): readonly VerifiedTuple[] {
    return this.#entries
  }

  find(address: PeerAddress): VerifiedTuple | undefined {
    for (let index = 0; index < this.#entries.length; index++) {
      const entry = this.#entries[index]!
      if (entry.address === address) return entry
    }
    return undefined
  }

  add(entry: VerifiedTuple): void {
    this.#entries.push(entry)
  }

  remove(entry: VerifiedTuple): void {
    const index = this.#entries.indexOf(entry)
    if (index >= 0) this.#entries.splice(index, 1)
  }

  /** The entry whose last check is the oldest, `kept` left out. */
  leastRecent(kept: VerifiedTuple | undefined): VerifiedTuple | undefined {
    return this.#pick(kept, (one, other) => one.verifiedAt < other.verifiedAt)
  }

  /** The entry whose last check is the newest, `kept` left out. */
  mostRecent(kept?: VerifiedTuple): VerifiedTuple | undefined {
    return this.#pick(kept, (one, other) => one.verifiedAt > other.verifiedAt)
  }

  /** Of those that are proved. */
  mostRecentProved(): VerifiedTuple | undefined {
    return this.#pick(
      undefined,
      (one, other) => one.verifiedAt > other.verifiedAt,
      (entry) => entry.isProved,
    )
  }

  /** The first entry whose last check is at or before `limit`. */
  silentSince(limit: Micros): VerifiedTuple | undefined {
    return this.#entries.find((entry) => entry.verifiedAt <= limit)
  }

  #pick(
    kept: VerifiedTuple | undefined,
    isBetter: (one: VerifiedTuple, other: VerifiedTuple) => boolean,
    fits: (entry: VerifiedTuple) => boolean = () => true,
  ): VerifiedTuple | undefined {
    let best: VerifiedTuple | undefined
    for (const entry of this.#entries) {
      if (entry !== kept && fits(entry) && (best === undefined || isBetter(entry, best))) best = entry
    }
    return best
  }
}
