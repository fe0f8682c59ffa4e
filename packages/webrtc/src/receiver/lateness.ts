import type { Micros } from '@crossroom/media'

/** A frame that comes later than its timestamp says, by more than this and by as much more than all before it, is in doubt. */
const DOUBT: Micros = 200_000
/** How long the lateness of what follows is watched: what a path held up comes faster than it was taken. */
const WATCHED: Micros = 300_000
/** Lateness that shrinks by more than this meanwhile is a path that drains, by a fifth faster than real time or more. */
const DRAINED: Micros = 60_000
/** A report that differs from the lateness by less than this says the same. */
const AGREES: Micros = 150_000
/** How fast the least lateness may rise while nothing confirms it, and the most of it that a pause may add. */
const LEAK = 0.001
const MOST_LEAK: Micros = 20_000

/**
 * Distinguishes a stopped clock from delayed packets. In both cases frames continue in number and timestamp after a
 * pause, but late. Delayed packets arrive in one burst, and the lateness disappears; after a stopped clock frames
 * arrive at their own pace, all as late as the first.
 */
export class Lateness {
  /** The last frame's. */
  mediaTime: Micros = 0
  arrivedAt: Micros = 0
  /** The least difference of arrival and media time. */
  #least: Micros = 0
  #late: Micros = 0
  /** While it is watched: since when, how late the first frame was, and the least late one since. */
  #since: Micros | undefined
  #first: Micros = 0
  #min: Micros = 0

  /** Whether it is not known yet which of the two it is. */
  get isInDoubt(): boolean {
    return this.#since !== undefined
  }

  begin(mediaTime: Micros, arrivedAt: Micros): void {
    this.mediaTime = mediaTime
    this.arrivedAt = arrivedAt
    this.#least = arrivedAt - mediaTime
    this.#late = 0
    this.#since = undefined
  }

  /** Takes a frame; answers for how long the clock stood still once that is known, else 0. */
  observe(mediaTime: Micros, arrivedAt: Micros): Micros {
    const gap = arrivedAt - this.arrivedAt
    const held = gap - (mediaTime - this.mediaTime)
    this.mediaTime = mediaTime
    this.arrivedAt = arrivedAt
    const leaked = this.#least + Math.min(MOST_LEAK, Math.max(0, gap) * LEAK)
    this.#late = arrivedAt - mediaTime - leaked
    this.#least = Math.min(arrivedAt - mediaTime, leaked)
    if (this.#since === undefined) {
      if (held > DOUBT && this.#late > DOUBT) this.#watch(arrivedAt)
      return 0
    }
    this.#min = Math.min(this.#min, this.#late)
    if (this.#min < DOUBT) this.#since = undefined
    else if (arrivedAt - this.#since >= WATCHED) {
      if (this.#first - this.#min < DRAINED) return this.#min
      this.#watch(arrivedAt)
    }
    return 0
  }

  /** Whether a step of the sender's clock against the timestamps explains how late the last frame was. */
  agrees(step: Micros): boolean {
    return this.#late > DOUBT && Math.abs(step - this.#late) < AGREES
  }

  /** From now on frames are on time that were late by `by`. */
  stoodStill(by: Micros): void {
    this.#least += by
    this.#late -= by
    this.#since = undefined
  }

  #watch(arrivedAt: Micros): void {
    this.#since = arrivedAt
    this.#first = this.#late
    this.#min = this.#late
  }
}
