import type { Micros } from '@crossroom/media'
import type { SessionLimits } from './session-limits.js'

const MICROS_PER_MILLISECOND = 1000
/** 2^30 first waits are longer than any limit. */
const MAX_DOUBLINGS = 30
/** The first wait is a twentieth of the longest, or up to all of it. */
const FIRST_SPREAD = 20

/**
 * How long to wait before an attempt: doubled with each, never the same for all, and no less than the server asks. The first
 * comes at once or soon after: many clients of a dead node spread over that time.
 */
export class ReconnectDelay {
  readonly #limits: SessionLimits
  readonly #random: () => number
  #attempt = 0

  /** @param random 0 to 1, 1 excluded. */
  constructor(limits: SessionLimits, random: () => number) {
    this.#limits = limits
    this.#random = random
  }

  /** Attempts since the last connection that lasted. */
  get attempt(): number {
    return this.#attempt
  }

  reset(): void {
    this.#attempt = 0
  }

  next(retryAfterMs = 0): Micros {
    const { firstRetryMicros, lastRetryMicros, retryAfterMicros } = this.#limits
    const longest = Math.min(lastRetryMicros, firstRetryMicros * 2 ** Math.min(this.#attempt, MAX_DOUBLINGS))
    const shortest = longest / (this.#attempt === 0 ? FIRST_SPREAD : 2)
    this.#attempt += 1
    const asked = Math.min(retryAfterMicros, retryAfterMs * MICROS_PER_MILLISECOND)
    return Math.round(asked + shortest + (longest - shortest) * this.#random())
  }
}
