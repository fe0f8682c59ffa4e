import type { Micros } from '@crossroom/media'

/** Allows something at most once per interval. Early calls are dropped, not postponed. */
export class Throttle {
  readonly #interval: Micros
  #lastAt: Micros = -Infinity

  constructor(interval: Micros) {
    this.#interval = interval
  }

  allow(now: Micros): boolean {
    if (now - this.#lastAt < this.#interval) return false
    this.#lastAt = now
    return true
  }
}

/** A viewer that lacks nothing but a keyframe has it asked for at most this often. */
export const MISSING_KEYFRAME_INTERVAL: Micros = 1_000_000

/** A viewer gets the cached keyframe again at most this often. */
export const VIEWER_KEYFRAME_INTERVAL: Micros = 2_000_000
