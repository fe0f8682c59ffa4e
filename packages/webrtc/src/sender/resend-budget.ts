import type { Micros } from '@crossroom/media'

/** Retransmissions may take this share of a second's packets: 30 % loss needs 43 % (0.3 / 0.7), a storm wants more. */
export const RESEND_SHARE = 0.6

/** A few losses on a slow stream may still be repaired at once. */
const MIN_BUDGET_PACKETS = 30
const SECOND: Micros = 1_000_000

/**
 * How many packets one viewer may be sent again. What the egress reports as sent earns the budget, so that the burst that
 * starts a viewer can be repaired as a burst; without such reports the stream's usual rate does.
 */
export class ResendBudget {
  readonly #packetsPerSecond: () => number
  #tokens: number | undefined
  #filledAt: Micros = 0
  /** Packets of the last second or so, retransmissions left out. */
  #recent = 0
  #recentAt: Micros = 0
  /** Granted, but not yet reported as sent. */
  #pending = 0
  #isMeasured = false

  constructor(packetsPerSecond: () => number) {
    this.#packetsPerSecond = packetsPerSecond
  }

  /** Takes what the egress says it sent to this viewer, retransmissions included. */
  recordSent(now: Micros, packets: number): void {
    const resent = Math.min(this.#pending, packets)
    this.#pending -= resent
    const fresh = packets - resent
    this.#recent = this.#recentPackets(now) + fresh
    this.#recentAt = now
    this.#isMeasured = true
    this.#tokens = Math.min(this.#capacity(now), (this.#tokens ?? this.#capacity(now)) + RESEND_SHARE * fresh)
  }

  /** Brings the budget up to `now`; before `take`. */
  fill(now: Micros): void {
    const capacity = this.#capacity(now)
    const elapsed = Math.max(0, now - this.#filledAt)
    this.#filledAt = now
    const earned = this.#isMeasured ? 0 : (elapsed * capacity) / SECOND
    this.#tokens = Math.min(capacity, (this.#tokens ?? capacity) + earned)
  }

  /** Takes one packet's worth, or answers false. */
  take(): boolean {
    if (this.#tokens === undefined || this.#tokens < 1) return false
    this.#tokens--
    this.#pending++
    return true
  }

  #capacity(now: Micros): number {
    return Math.max(MIN_BUDGET_PACKETS, RESEND_SHARE * Math.max(this.#packetsPerSecond(), this.#recentPackets(now)))
  }

  #recentPackets(now: Micros): number {
    const elapsed = Math.max(0, now - this.#recentAt)
    return this.#recent * Math.max(0, 1 - elapsed / SECOND)
  }
}
