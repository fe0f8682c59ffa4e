import type { Micros } from '@crossroom/media'

/** One video of a viewer that exists in two layers, or in one. */
export interface LayeredVideo {
  /** Bits per second that it takes at present. */
  readonly bitrate: number
  /** It is sent in its lower layer because of an earlier decision. */
  readonly isLow: boolean
  /** There is a lower layer that it could be sent in. */
  readonly canBeLow: boolean
}

/** The video at `index` goes to its lower layer or back to the higher. */
export interface LayerChange {
  readonly index: number
  readonly toLow: boolean
}

/** The rest of the estimate, for the next keyframe. */
const HEADROOM = 0.95
/** A lower layer takes about this share of the higher one: a quarter of its pixels. */
const LOW_SHARE = 0.3
/** After it was too much, the higher layer is tried again no sooner … */
const FIRST_HOLD: Micros = 15_000_000
/** … and less and less often while it is too much every time. */
const LONGEST_HOLD: Micros = 64_000_000
/** A try has failed when the path was overfull within this time. */
const TRIAL: Micros = 10_000_000
/** Videos come back one by one. */
const BETWEEN_RAISES: Micros = 2_000_000

/**
 * Fits the videos of one viewer into its bandwidth by sending lower layers, of the least important video first. An
 * estimate limited by the sent bitrate does not show whether more would fit, so upgrades are probed.
 */
export class LayerAllocation {
  #hold: Micros = FIRST_HOLD
  #raiseNoSooner: Micros = 0
  #raisedAt: Micros = -Infinity

  /** `videos` in order of priority. `budget` in bits per second for all of them; Infinity while the path is not overfull. */
  decide(now: Micros, budget: number, videos: readonly LayeredVideo[]): LayerChange[] {
    if (budget === Infinity) return this.#raise(now, videos)
    this.#raiseNoSooner = Math.max(this.#raiseNoSooner, now + this.#hold)
    return this.#lower(now, budget * HEADROOM, videos)
  }

  #lower(now: Micros, budget: number, videos: readonly LayeredVideo[]): LayerChange[] {
    const changes: LayerChange[] = []
    let total = videos.reduce((sum, { bitrate }) => sum + bitrate, 0)
    for (let index = videos.length - 1; index >= 0 && total > budget; index--) {
      const { isLow, canBeLow, bitrate } = videos[index]!
      if (isLow || !canBeLow) continue
      changes.push({ index, toLow: true })
      total -= bitrate * (1 - LOW_SHARE)
    }
    if (changes.length === 0) return changes
    const hasFailed = now - this.#raisedAt < TRIAL
    this.#hold = hasFailed ? Math.min(LONGEST_HOLD, 2 * this.#hold) : FIRST_HOLD
    this.#raiseNoSooner = now + this.#hold
    return changes
  }

  #raise(now: Micros, videos: readonly LayeredVideo[]): LayerChange[] {
    const index = videos.findIndex(({ isLow }) => isLow)
    if (index < 0 || now < this.#raiseNoSooner) return []
    this.#raisedAt = now
    this.#raiseNoSooner = now + BETWEEN_RAISES
    return [{ index, toLow: false }]
  }
}
