import type { Micros } from '@crossroom/media'
import { RateLimiter } from './rate-limiter.js'

export interface KeyedRateLimits {
  readonly perSecond: number
  readonly burst: number
  /** Keys remembered; the oldest is forgotten first. */
  readonly keys: number
}

/** How often each of many may do something. */
export class KeyedRates {
  readonly #limits: KeyedRateLimits
  readonly #limiters = new Map<string, RateLimiter>()

  constructor(limits: KeyedRateLimits) {
    this.#limits = limits
  }

  /** Counts one event; returns how long this one must wait, or 0. Delayed events are not counted. */
  take(now: Micros, key: string): Micros {
    let limiter = this.#limiters.get(key)
    if (limiter === undefined) {
      if (this.#limiters.size >= this.#limits.keys) this.#limiters.delete(this.#limiters.keys().next().value!)
      limiter = new RateLimiter({ ...this.#limits, overRateMicros: 0 })
      this.#limiters.set(key, limiter)
    }
    const wait = limiter.take(now, 1)
    if (wait > 0) limiter.take(now, -1)
    return wait
  }
}
