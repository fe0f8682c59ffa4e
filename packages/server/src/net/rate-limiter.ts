import type { Micros } from '@crossroom/media'

export interface RateLimits {
  /** Of whatever is counted: bits, microseconds of work. */
  readonly perSecond: number
  /** Burst after a pause. */
  readonly burst: number
  /** Held back for this long without a rest: the sender does not mean to slow down. */
  readonly overRateMicros: Micros
}

/** A token bucket that returns how long reading must pause. */
export class RateLimiter {
  readonly #limits: RateLimits
  #left: number
  #at: Micros | undefined
  #overSince: Micros | undefined

  constructor(limits: RateLimits) {
    this.#limits = limits
    this.#left = limits.burst
  }

  /** Counts usage; returns how long to stop reading, or 0. */
  take(now: Micros, amount: number): Micros {
    const { perSecond, burst } = this.#limits
    const passed = now - (this.#at ?? now)
    this.#at = now
    this.#left = Math.min(burst, this.#left + (passed * perSecond) / 1_000_000) - amount
    if (this.#left >= 0) {
      if (this.#left > burst / 2) this.#overSince = undefined
      return 0
    }
    this.#overSince ??= now
    return Math.ceil((-this.#left * 1_000_000) / perSecond)
  }

  /** True when the sender has been held back for too long. */
  isExceeded(now: Micros): boolean {
    return this.#overSince !== undefined && now - this.#overSince > this.#limits.overRateMicros
  }
}
