import type { Micros } from '@crossroom/media'
import { addressGroup, isLoopbackAddress } from '../config/index.js'
import { KeyedRates } from './keyed-rates.js'

export interface AddressRateLimits {
  readonly perSecond: number
  readonly burst: number
  /** Addresses remembered; the oldest is forgotten first. */
  readonly addresses: number
}

/** How often one address (IPv6: its /64) may do something. Loopback may do it as often as it likes. */
export class AddressRates {
  readonly #rates: KeyedRates

  constructor({ perSecond, burst, addresses }: AddressRateLimits) {
    this.#rates = new KeyedRates({ perSecond, burst, keys: addresses })
  }

  /** Counts one event; returns how long the address must wait, or 0. Delayed events are not counted. */
  take(now: Micros, address: string): Micros {
    return isLoopbackAddress(address) ? 0 : this.#rates.take(now, addressGroup(address))
  }
}
