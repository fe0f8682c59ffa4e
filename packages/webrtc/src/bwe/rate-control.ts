import type { Micros } from '@crossroom/media'
import type { QueueTrend } from './trendline.js'

/** Share of the measured throughput that is kept when the queue fills: the rest drains it. */
const DECREASE = 0.85
/** Growth per second while nothing is known of the link's capacity. */
const GROWTH_PER_SECOND = 1.08
/** Near the capacity that was met before, growth is careful: this much of the rate per second. */
const CAREFUL_GROWTH_PER_SECOND = 0.02
/** Untested bitrates are unproven: the estimate stays within this factor of the throughput, plus a little. */
const MAX_OVER_THROUGHPUT = 1.5
const SLACK = 50_000
export const MIN_BITRATE = 100_000
export const MAX_BITRATE = 100_000_000

/** A capacity met this long ago is forgotten: networks change. */
const CAPACITY_MEMORY: Micros = 30_000_000
/** The queue needs a round trip and some to show what a decrease did. */
const MIN_DECREASE_INTERVAL: Micros = 200_000

/**
 * Additive and multiplicative increase, multiplicative decrease from what really arrived (draft-ietf-rmcat-gcc-02
 * section 5.6). Before the first sign of a limit the estimate is only an allowance.
 */
export class RateControl {
  #bitrate: number
  #updatedAt: Micros | undefined
  #decreasedAt: Micros = -Infinity
  #capacity: number | undefined
  #isLimited = false

  constructor(startBitrate: number) {
    this.#bitrate = startBitrate
  }

  get bitrate(): number {
    return this.#bitrate
  }

  /** Whether a limit of the path was ever met: until then the bitrate is the allowance it began with. */
  get isLimited(): boolean {
    return this.#isLimited
  }

  update(now: Micros, trend: QueueTrend, throughput: number | undefined, roundTrip: Micros): void {
    const elapsed = Math.min(1_000_000, now - (this.#updatedAt ?? now))
    this.#updatedAt = now
    if (trend === 'filling') {
      if (throughput !== undefined && now - this.#decreasedAt >= MIN_DECREASE_INTERVAL + roundTrip)
        this.cut(now, throughput)
    } else if (trend === 'steady') {
      this.#grow(now, elapsed, throughput)
    }
  }

  /** Falls to 0.85 of what arrives. Never raises the estimate. */
  cut(now: Micros, throughput: number): void {
    this.#isLimited = true
    this.#capacity = throughput
    this.#decreasedAt = now
    this.#bitrate = Math.max(MIN_BITRATE, Math.min(this.#bitrate, DECREASE * throughput))
  }

  /** A limit the receiver named itself (REMB). */
  cap(bitrate: number): void {
    this.#isLimited = true
    this.#bitrate = Math.max(MIN_BITRATE, Math.min(MAX_BITRATE, bitrate))
  }

  #grow(now: Micros, elapsed: Micros, throughput: number | undefined): void {
    if (!this.#isLimited || throughput === undefined) return
    if (now - this.#decreasedAt > CAPACITY_MEMORY) this.#capacity = undefined
    const seconds = elapsed / 1_000_000
    const isNear =
      this.#capacity !== undefined && this.#bitrate > 0.9 * this.#capacity && this.#bitrate < 1.1 * this.#capacity
    const grown = isNear
      ? this.#bitrate * (1 + CAREFUL_GROWTH_PER_SECOND * seconds)
      : this.#bitrate * GROWTH_PER_SECOND ** seconds
    const ceiling = Math.max(this.#bitrate, MAX_OVER_THROUGHPUT * throughput + SLACK)
    this.#bitrate = Math.min(grown, ceiling, MAX_BITRATE)
  }
}
