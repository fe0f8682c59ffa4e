import type { Micros } from '@crossroom/media'

const SECOND: Micros = 1_000_000

// Positions in the state of a limit.
const TOKENS = 0
const FILLED_AT = 1

/** A token bucket for one second: traffic above the rate for longer is refused. */
export class RateLimit {
  readonly #perSecond: number
  /** Tokens, and when they were last filled up: in an array, for as fields V8 makes two objects of them per packet. */
  readonly #state: Float64Array

  constructor(perSecond: number, now: Micros) {
    this.#perSecond = perSecond
    this.#state = Float64Array.of(perSecond, now)
  }

  /** Takes one token, or answers false. */
  take(now: Micros): boolean {
    const state = this.#state
    const elapsed = now - state[FILLED_AT]!
    if (elapsed > 0) {
      state[TOKENS] = Math.min(this.#perSecond, state[TOKENS]! + (elapsed * this.#perSecond) / SECOND)
      state[FILLED_AT] = now
    }
    if (state[TOKENS]! < 1) return false
    state[TOKENS] = state[TOKENS]! - 1
    return true
  }
}
