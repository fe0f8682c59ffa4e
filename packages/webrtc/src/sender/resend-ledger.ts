import type { Micros } from '@crossroom/media'
import type { ResendBudget } from './resend-budget.js'

/** A packet is sent again at most this often: after so many losses in a row its frame is too late anyway. */
export const MAX_RESENDS = 6

/** One resend call of the egress. */
const MAX_RESENDS_PER_CALL = 512

/** The same packet is not sent again before the first copy can have arrived, and never faster than this. */
const MIN_RESEND_INTERVAL: Micros = 10_000

/** Sequences remembered: more than a second of the fastest stream. 1024 × (2 + 1 + 8) bytes, made at the first NACK. */
const CAPACITY = 1024
const INDEX_MASK = CAPACITY - 1

/** Sequence numbers come round again: after 65 536 packets, 80 s at the highest rate, a number is another packet. */
const TRIES_MEMORY: Micros = 20_000_000

export interface ResendCounters {
  /** Sequence numbers asked for. */
  requested: number
  granted: number
  /** Asked for again before a copy can have arrived. */
  tooSoon: number
  tooOften: number
  overBudget: number
}

/** Decides which packets of a NACK one track sends again. */
export class ResendLedger {
  readonly counters: ResendCounters = { requested: 0, granted: 0, tooSoon: 0, tooOften: 0, overBudget: 0 }
  readonly #budget: ResendBudget
  #sequences: Uint16Array | undefined
  #tries = new Uint8Array(0)
  #resentAt = new Float64Array(0)
  readonly #granted = new Uint16Array(MAX_RESENDS_PER_CALL)

  /** `budget` is the viewer's, for all its tracks. */
  constructor(budget: ResendBudget) {
    this.#budget = budget
  }

  /**
   * The sequences to send again, oldest first: a view that the next call writes over. `roundTrip` is the smoothed one, 0
   * while unknown.
   */
  grant(now: Micros, sequenceNumbers: readonly number[], roundTrip: Micros): Uint16Array {
    this.#budget.fill(now)
    const interval = Math.max(MIN_RESEND_INTERVAL, roundTrip / 2)
    let count = 0
    for (const sequence of sequenceNumbers) {
      if (count >= MAX_RESENDS_PER_CALL) break
      this.counters.requested++
      if (this.#take(now, sequence & 0xffff, interval)) this.#granted[count++] = sequence
    }
    this.counters.granted += count
    return this.#granted.subarray(0, count)
  }

  #take(now: Micros, sequence: number, interval: Micros): boolean {
    const sequences = (this.#sequences ??= this.#open())
    const slot = sequence & INDEX_MASK
    if (sequences[slot] !== sequence || now - this.#resentAt[slot]! > TRIES_MEMORY) {
      sequences[slot] = sequence
      this.#tries[slot] = 0
      this.#resentAt[slot] = -Infinity
    }
    if (now - this.#resentAt[slot]! < interval) return this.#refuse('tooSoon')
    if (this.#tries[slot]! >= MAX_RESENDS) return this.#refuse('tooOften')
    if (!this.#budget.take()) return this.#refuse('overBudget')
    this.#tries[slot]!++
    this.#resentAt[slot] = now
    return true
  }

  #refuse(reason: 'tooSoon' | 'tooOften' | 'overBudget'): false {
    this.counters[reason]++
    return false
  }

  #open(): Uint16Array {
    this.#tries = new Uint8Array(CAPACITY)
    this.#resentAt = new Float64Array(CAPACITY)
    return new Uint16Array(CAPACITY)
  }
}
