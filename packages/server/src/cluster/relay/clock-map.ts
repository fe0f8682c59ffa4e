import type { Micros } from '@crossroom/media'

/** How much less a measurement is worth with age: the crystals of two machines drift apart by up to so much. */
const DRIFT = 0.0001
/** Measurements that are compared. */
const KEPT = 64

interface Measurement {
  readonly at: Micros
  readonly rtt: Micros
  /** The peer's clock minus ours. */
  readonly offset: Micros
}

/**
 * Maps the clock of a peer to ours. A question that came back fast says most: the peer answered in the middle of its time, give or
 * take half of it.
 */
export class ClockMap {
  readonly #measurements: Measurement[] = []
  #best: Measurement | undefined

  /** Asked at `asked`, answered at `theirs` on the peer's clock, received at `now`. */
  measure(asked: Micros, theirs: Micros, now: Micros): void {
    const rtt = now - asked
    if (rtt < 0) return
    this.#measurements.push({ at: now, rtt, offset: Math.round(theirs - (asked + now) / 2) })
    if (this.#measurements.length > KEPT) this.#measurements.shift()
    this.#best = this.#measurements.reduce((best, one) => (errorOf(one, now) < errorOf(best, now) ? one : best))
  }

  /** The time of the best measurement; undefined before the first. */
  get rtt(): Micros | undefined {
    return this.#best?.rtt
  }

  /** How far `toLocal` may be off; undefined before the first measurement. */
  error(now: Micros): Micros | undefined {
    return this.#best && errorOf(this.#best, now)
  }

  /** A time of the peer on our clock, whole as it was given; the time itself before the first measurement. */
  toLocal(theirs: Micros): Micros {
    return theirs - (this.#best?.offset ?? 0)
  }
}

function errorOf({ at, rtt }: Measurement, now: Micros): Micros {
  return rtt / 2 + (now - at) * DRIFT
}
