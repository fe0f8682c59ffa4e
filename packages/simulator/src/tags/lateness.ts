/** How long the fastest arrival is remembered, once or twice this: two clocks drift apart, and a sender may restart. */
const WINDOW_MS = 20_000
/** No delay is that long: the timestamps restarted. */
const MAX_MS = 10_000

/**
 * How much later than the promptest of the last half minute something comes: what a picture waited anywhere on its way,
 * without a clock that both ends share. 0 when nothing waits.
 */
export class Lateness {
  #windowEndsAt = 0
  /** Smallest arrival less timestamp, in this window and in the one before. */
  #now = Infinity
  #before = Infinity

  /** Milliseconds; `timestampMs` is the sender's, of any origin, `arrivalMs` the receiver's. */
  handle(timestampMs: number, arrivalMs: number): number {
    if (arrivalMs >= this.#windowEndsAt) {
      this.#windowEndsAt = arrivalMs + WINDOW_MS
      this.#before = this.#now
      this.#now = Infinity
    }
    const offset = arrivalMs - timestampMs
    if (offset - Math.min(this.#now, this.#before) > MAX_MS) this.#now = this.#before = offset
    this.#now = Math.min(this.#now, offset)
    return offset - Math.min(this.#now, this.#before)
  }
}
