import type { Micros } from '@crossroom/media'

const SECOND: Micros = 1_000_000

/** A token bucket that holds one second's worth: what is above the rate for longer is refused. */
export class RateLimit {
  readonly #perSecond: number
  #tokens: number
  #filledAt: Micros

  constructor(perSecond: number, now: Micros) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#filledAt = now
  }

  /** Takes one token, or answers false. */
  take(now: Micros): boolean {
    const elapsed = now - this.#filledAt
    if (elapsed > 0) {
      this.#tokens = Math.min(this.#perSecond, this.#tokens + (elapsed * this.#perSecond) / SECOND)
      this.#filledAt = now
    }
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
