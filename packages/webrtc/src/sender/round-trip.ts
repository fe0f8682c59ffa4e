import type { Micros } from '@crossroom/media'
import { compactNtp, microsFromCompactNtp, ntpFromMicros } from '../rtp/ntp.js'

/** Sender reports whose echo is still waited for; those that leave together count as one. */
const REMEMBERED = 16

/** Weight of a new measurement. */
const GAIN = 1 / 4

/** Anything above is a peer's wrong arithmetic, not a network. */
const MAX_ROUND_TRIP: Micros = 10_000_000

/** Round-trip time from sender reports and their echoes in receiver reports (RFC 3550 section 6.4.1). */
export class RoundTrip {
  readonly #compact = new Float64Array(REMEMBERED).fill(NaN)
  readonly #sentAt = new Float64Array(REMEMBERED)
  #next = 0
  #smoothed: Micros | undefined

  /** Smoothed; undefined before the first echo. */
  get value(): Micros | undefined {
    return this.#smoothed
  }

  /** Remembers a report that leaves at `now` with the NTP time of `wallClock` in it. */
  reportSent(now: Micros, wallClock: Micros): void {
    this.#compact[this.#next] = compactNtp(ntpFromMicros(wallClock))
    this.#sentAt[this.#next] = now
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** Takes LSR and DLSR of a report block. An echo of a report that was never sent counts for nothing. */
  reportEchoed(now: Micros, lastSenderReport: number, delaySinceLastSenderReport: number): void {
    const slot = this.#compact.indexOf(lastSenderReport)
    if (slot < 0) return
    const measured = now - this.#sentAt[slot]! - microsFromCompactNtp(delaySinceLastSenderReport)
    if (measured > MAX_ROUND_TRIP) return
    // The units of 15 µs and the peer's rounding can make it slightly negative on a short way.
    const roundTrip = Math.max(0, measured)
    this.#smoothed = this.#smoothed === undefined ? roundTrip : this.#smoothed + GAIN * (roundTrip - this.#smoothed)
  }
}
