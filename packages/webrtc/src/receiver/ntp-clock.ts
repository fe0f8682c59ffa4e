import type { Micros } from '@crossroom/media'

/** How fast the estimate may rise when no packet confirms it: 500 ppm, more than clocks drift apart. */
const LEAK = 0.0005

/**
 * The estimated offset of the sender's wall clock to the server's clock, without a round trip: every packet arrives
 * later than it was captured, so the earliest of them shows the difference best. What remains is the shortest way
 * from the lens to here, of which half the round trip is taken off.
 */
export class NtpClock {
  #offset: Micros | undefined
  #updatedAt: Micros = 0

  /** A frame captured at `ntp` (microseconds of any epoch) came at `arrivedAt`. */
  onCapture(ntp: Micros, arrivedAt: Micros): void {
    const measured = arrivedAt - ntp
    const leaked = this.#offset === undefined ? Infinity : this.#offset + (arrivedAt - this.#updatedAt) * LEAK
    this.#offset = Math.min(measured, leaked)
    this.#updatedAt = arrivedAt
  }

  /** `ntp` on the server's clock; undefined before the first capture. */
  toServer(ntp: Micros, roundTrip: Micros): Micros | undefined {
    return this.#offset === undefined ? undefined : Math.round(ntp + this.#offset - roundTrip / 2)
  }
}
