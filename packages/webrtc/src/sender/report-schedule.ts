import type { Micros } from '@crossroom/media'

/**
 * Times between sender reports: quick at the beginning, because a browser plays audio and video apart until it has one of
 * each, then every 2 s: one small packet in 2 s and track.
 */
const INTERVALS: readonly Micros[] = [500_000, 1_000_000, 2_000_000]

/** When the next sender report of one track is due. */
export class ReportSchedule {
  #next: Micros
  #count = 0

  constructor(first: Micros) {
    this.#next = first
  }

  get next(): Micros {
    return this.#next
  }

  isDue(now: Micros): boolean {
    return this.#next <= now
  }

  sent(now: Micros): void {
    this.#next = now + INTERVALS[Math.min(this.#count++, INTERVALS.length - 1)]!
  }

  /** There is nothing to report yet: ask again in a moment. */
  postpone(now: Micros): void {
    this.#next = now + 100_000
  }
}
