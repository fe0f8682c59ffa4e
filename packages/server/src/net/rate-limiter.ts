import type { Micros } from '@crossroom/media'

export interface RateLimits {
  readonly bitsPerSecond: number
  /** What may come at once after a silence. */
  readonly burstBits: number
  /** Held back for this long without a rest: the sender does not mean to slow down. */
  readonly overRateMicros: Micros
}

/** A token bucket over received bytes: says for how long reading must pause. */
export class RateLimiter {
  readonly #limits: RateLimits
  #bits: number
  #at: Micros | undefined
  #overSince: Micros | undefined

  constructor(limits: RateLimits) {
    this.#limits = limits
    this.#bits = limits.burstBits
  }

  /** Counts received bytes; the answer is how long to stop reading, 0 for not at all. */
  take(now: Micros, bytes: number): Micros {
    const { bitsPerSecond, burstBits } = this.#limits
    const passed = now - (this.#at ?? now)
    this.#at = now
    this.#bits = Math.min(burstBits, this.#bits + (passed * bitsPerSecond) / 1_000_000) - bytes * 8
    if (this.#bits >= 0) {
      if (this.#bits > burstBits / 2) this.#overSince = undefined
      return 0
    }
    this.#overSince ??= now
    return Math.ceil((-this.#bits * 1_000_000) / bitsPerSecond)
  }

  /** True when the sender has been held back for too long. */
  isExceeded(now: Micros): boolean {
    return this.#overSince !== undefined && now - this.#overSince > this.#limits.overRateMicros
  }
}
