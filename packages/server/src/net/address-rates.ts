import type { Micros } from '@crossroom/media'
import { addressGroup, isLoopbackAddress } from '../config/index.js'
import { RateLimiter } from './rate-limiter.js'

export interface AddressRateLimits {
  readonly perSecond: number
  readonly burst: number
  /** Addresses remembered; the oldest is forgotten first. */
  readonly addresses: number
}

/** How often one address (IPv6: its /64) may do something. Loopback may do it as often as it likes. */
export class AddressRates {
  readonly #limits: AddressRateLimits
  readonly #limiters = new Map<string, RateLimiter>()

  constructor(limits: AddressRateLimits) {
    this.#limits = limits
  }

  /** Counts one event; returns how long the address must wait, or 0. Delayed events are not counted. */
  take(now: Micros, address: string): Micros {
    if (isLoopbackAddress(address)) return 0
    const group = addressGroup(address)
    let limiter = this.#limiters.get(group)
    if (limiter === undefined) {
      if (this.#limiters.size >= this.#limits.addresses) this.#limiters.delete(this.#limiters.keys().next().value!)
      limiter = new RateLimiter({ ...this.#limits, overRateMicros: 0 })
      this.#limiters.set(group, limiter)
    }
    const wait = limiter.take(now, 1)
    if (wait > 0) limiter.take(now, -1)
    return wait
  }
}
