import type { Micros } from '@crossroom/media'

/** The lowest delay ever seen is believed for one to two of these: clocks drift, and routes change. */
const MEMORY: Micros = 30_000_000

/** The queue of this moment is the lowest delay of one to two of these: a single late packet is no queue. */
const MOMENT: Micros = 100_000

/**
 * How much of the one-way delay is a queue that never empties: the lowest delay of the last second against the lowest of the
 * last minute. The clocks of both ends need not agree, only run alike.
 */
export class DelayFloor {
  #recent = Infinity
  #floor = Infinity
  #previousFloor = Infinity
  #rotatedAt: Micros | undefined
  #momentAt: Micros = -Infinity
  #moment = Infinity
  #previousMoment = Infinity

  add(sentAt: Micros, arrivedAt: Micros): void {
    const delay = arrivedAt - sentAt
    if (delay < this.#recent) this.#recent = delay
    if (delay < this.#floor) this.#floor = delay
    if (arrivedAt - this.#momentAt >= MOMENT) {
      this.#previousMoment = this.#moment
      this.#moment = Infinity
      this.#momentAt = arrivedAt
    }
    if (delay < this.#moment) this.#moment = delay
  }

  /** The minimum delay of the recent packets. */
  get queue(): Micros {
    const lowest = Math.min(this.#moment, this.#previousMoment)
    return lowest === Infinity ? 0 : lowest - Math.min(this.#floor, this.#previousFloor)
  }

  /** The standing queue since the last call, or 0 when nothing arrived. */
  takeStandingQueue(now: Micros): Micros {
    const floor = Math.min(this.#floor, this.#previousFloor)
    const standing = this.#recent === Infinity ? 0 : this.#recent - floor
    this.#recent = Infinity
    this.#rotatedAt ??= now
    if (now - this.#rotatedAt >= MEMORY) {
      this.#previousFloor = this.#floor
      this.#floor = Infinity
      this.#rotatedAt = now
    }
    return standing
  }
}
