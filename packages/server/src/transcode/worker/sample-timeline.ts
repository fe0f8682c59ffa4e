import type { Micros } from '@crossroom/media'
import { MIN_STRETCHABLE } from './sample-stretch.js'

/** The position of a block of samples. */
export interface Placement {
  /** The block is not continuous: the previous output is finished, and the output's time restarts at the block's. */
  readonly restart: boolean
  /** Samples of silence before the block: the input left a gap. */
  readonly silence: number
  /** Samples at the head of the block that are left out: the output has that time already. */
  readonly skip: number
  /** How many samples longer (or, negative, shorter) the rest of the block is made, to follow the input's clock. */
  readonly stretch: number
}

/** A stamp that is later than the samples say by less than this is a clock to be followed, by more a gap. */
const GAP_SECONDS = 0.015
/** A larger lag behind the samples restarts. */
const BACK_SECONDS = 0.2
/** The input's clock is followed by at most 1000 ppm: 1.7 cents, which is inaudible. */
const MAX_RATE = 0.001
/** An error is followed once it is above the first and until it is below the second value; stamps jitter. */
const FOLLOW_SECONDS = 0.0005
const FOLLOWED_SECONDS = 0.00005
/** Weight of a new error in the running mean; single stamps are off by up to 1 ms in FLV. */
const SMOOTHING = 1 / 8

interface Segment {
  readonly start: number
  readonly pts: Micros
}

/**
 * Keeps count of the samples of one audio conversion against the time stamps of its input. The output is an unbroken
 * row of samples whose time is counted, never stamped: what the stamps say beyond it becomes silence, left-out samples
 * or a slight change of speed, so that after a day the sound is still where the picture is.
 * It sees no audio, only counts, in samples of the output rate.
 */
export class SampleTimeline {
  readonly #rate: number
  readonly #longestGap: number
  #segments: Segment[] = []
  /** Samples placed so far, over all segments. */
  #position = 0
  #meanError = 0
  #following = false
  /** Samples that may be added or left out at the present rate. */
  #allowance = 0
  /** Totals for metrics. */
  restarts = 0
  silentSamples = 0
  skippedSamples = 0
  stretchedSamples = 0

  /** A gap of more than `longestGap` seconds is not filled; time restarts after it. */
  constructor(rate: number, longestGap = 0.2) {
    this.#rate = rate
    this.#longestGap = longestGap * rate
  }

  /** Position of the next sample to be placed. */
  get position(): number {
    return this.#position
  }

  /** When the next sample would be due; undefined before the first block. */
  get endPts(): Micros | undefined {
    return this.#segments.length === 0 ? undefined : this.ptsAt(this.#position)
  }

  /** The input's time of the sample at `position`; what lies before the first block is counted back from it. */
  ptsAt(position: number, of = position): Micros {
    let segment = this.#segments[0]!
    for (const later of this.#segments) if (later.start <= of) segment = later
    return Math.round(segment.pts + ((position - segment.start) * 1e6) / this.#rate)
  }

  /** Decides on a block of `count` samples whose first is due at `pts`, and counts it as placed. */
  place(pts: Micros, count: number): Placement {
    if (this.#segments.length === 0) return this.#restart(pts, count)
    const error = ((pts - this.ptsAt(this.#position)) / 1e6) * this.#rate
    if (error > this.#longestGap || error < -BACK_SECONDS * this.#rate) return this.#restart(pts, count)
    if (error >= GAP_SECONDS * this.#rate) return this.#fill(Math.round(error), count)
    if (error <= -GAP_SECONDS * this.#rate) return this.#skip(Math.min(count, Math.round(-error)), count)
    const stretch = this.#follow(error, count)
    this.#position += count + stretch
    return { restart: false, silence: 0, skip: 0, stretch }
  }

  /** Counts silence up to `pts`, as if it had come in; how many samples that is. None when it is no gap. */
  fillTo(pts: Micros): number {
    const end = this.endPts
    if (end === undefined) return 0
    const silence = Math.floor(((pts - end) / 1e6) * this.#rate)
    if (silence <= 0) return 0
    this.#position += silence
    this.silentSamples += silence
    return silence
  }

  /** Counts `samples` of padding that end a segment, see `Placement.restart`. */
  pad(samples: number): void {
    this.#position += samples
    const last = this.#segments.at(-1)!
    this.#segments[this.#segments.length - 1] = { start: last.start + samples, pts: last.pts }
  }

  #restart(pts: Micros, count: number): Placement {
    if (this.#segments.length > 0) this.restarts++
    // Coded frames that are still in the encoder may belong to the segment before, none to older ones.
    this.#segments = [...this.#segments.slice(-1), { start: this.#position, pts }]
    this.#settle()
    this.#position += count
    return { restart: true, silence: 0, skip: 0, stretch: 0 }
  }

  #fill(silence: number, count: number): Placement {
    this.#settle()
    this.silentSamples += silence
    this.#position += silence + count
    return { restart: false, silence, skip: 0, stretch: 0 }
  }

  #skip(skip: number, count: number): Placement {
    this.#settle()
    this.skippedSamples += skip
    this.#position += count - skip
    return { restart: false, silence: 0, skip, stretch: 0 }
  }

  #settle(): void {
    this.#meanError = 0
    this.#following = false
    this.#allowance = 0
  }

  #follow(error: number, count: number): number {
    this.#meanError += (error - this.#meanError) * SMOOTHING
    const magnitude = Math.abs(this.#meanError)
    if (magnitude > FOLLOW_SECONDS * this.#rate) this.#following = true
    else if (magnitude < FOLLOWED_SECONDS * this.#rate) this.#following = false
    if (!this.#following) {
      this.#allowance = 0
      return 0
    }
    if (count < MIN_STRETCHABLE) return 0
    this.#allowance += count * MAX_RATE
    const samples = Math.min(Math.floor(this.#allowance), Math.round(magnitude))
    this.#allowance -= samples
    const stretch = this.#meanError > 0 ? samples : -samples
    this.#meanError -= stretch
    this.stretchedSamples += samples
    return stretch
  }
}
