import type { Micros } from '@crossroom/media'
import type { GroupDelta } from './arrival-groups.js'

/** The trend of the queue on the path. */
export type QueueTrend = 'filling' | 'steady' | 'draining'

/** Groups the line is fitted through. */
const WINDOW = 20
/** Weight of the past in the smoothed delay. */
const SMOOTHING = 0.9
/** Makes the slope comparable to the threshold, both in milliseconds. */
const GAIN = 4
const MAX_GROUPS_COUNTED = 60

/** The threshold follows the slope: quickly up, so that competing TCP does not starve us, slowly down. */
const THRESHOLD_UP = 0.0087
const THRESHOLD_DOWN = 0.039
const MIN_THRESHOLD = 6
const MAX_THRESHOLD = 600
const FIRST_THRESHOLD = 12.5
/** A slope this far above the threshold is a one-off jump that the threshold does not follow. */
const MAX_ADAPTED_EXCESS = 15
/** The slope must stay above for this long before it counts. */
const OVERUSE_TIME: Micros = 10_000

const MILLISECOND: Micros = 1_000

/**
 * Fits a line through the accumulated delay of the last groups and compares its slope with a threshold that adapts
 * (draft-ietf-rmcat-gcc-02 sections 5.3 to 5.5, with the trendline in place of the Kalman filter).
 */
export class Trendline {
  readonly #times = new Float64Array(WINDOW)
  readonly #delays = new Float64Array(WINDOW)
  #count = 0
  #firstArrival: Micros | undefined
  #accumulated = 0
  #smoothed = 0
  #previousSlope = 0
  #threshold = FIRST_THRESHOLD
  #updatedAt: Micros | undefined
  #aboveFor: Micros = 0
  #groupsAbove = 0
  #trend: QueueTrend = 'steady'

  get trend(): QueueTrend {
    return this.#trend
  }

  add(delta: GroupDelta): QueueTrend {
    this.#firstArrival ??= delta.arrivedAt
    this.#accumulated += (delta.arrived - delta.sent) / MILLISECOND
    this.#smoothed = SMOOTHING * this.#smoothed + (1 - SMOOTHING) * this.#accumulated
    const slot = this.#count % WINDOW
    this.#times[slot] = (delta.arrivedAt - this.#firstArrival) / MILLISECOND
    this.#delays[slot] = this.#smoothed
    this.#count++
    const slope = this.#count >= WINDOW ? this.#fit() : this.#previousSlope
    this.#judge(slope, delta)
    this.#previousSlope = slope
    return this.#trend
  }

  /** Least squares over the window; the previous slope where all groups arrived at once. */
  #fit(): number {
    let meanTime = 0
    let meanDelay = 0
    for (let index = 0; index < WINDOW; index++) {
      meanTime += this.#times[index]! / WINDOW
      meanDelay += this.#delays[index]! / WINDOW
    }
    let covariance = 0
    let variance = 0
    for (let index = 0; index < WINDOW; index++) {
      const time = this.#times[index]! - meanTime
      covariance += time * (this.#delays[index]! - meanDelay)
      variance += time * time
    }
    return variance === 0 ? this.#previousSlope : covariance / variance
  }

  #judge(slope: number, delta: GroupDelta): void {
    const scaled = Math.min(this.#count, MAX_GROUPS_COUNTED) * slope * GAIN
    if (scaled > this.#threshold) {
      this.#aboveFor += delta.sent
      this.#groupsAbove++
      if (this.#aboveFor > OVERUSE_TIME && this.#groupsAbove > 1 && slope >= this.#previousSlope)
        this.#trend = 'filling'
    } else {
      this.#aboveFor = 0
      this.#groupsAbove = 0
      this.#trend = scaled < -this.#threshold ? 'draining' : 'steady'
    }
    this.#adapt(scaled, delta.arrivedAt)
  }

  #adapt(scaled: number, now: Micros): void {
    const excess = Math.abs(scaled) - this.#threshold
    const elapsed = Math.min(100, (now - (this.#updatedAt ?? now)) / MILLISECOND)
    this.#updatedAt = now
    if (excess > MAX_ADAPTED_EXCESS) return
    const gain = excess < 0 ? THRESHOLD_DOWN : THRESHOLD_UP
    this.#threshold = Math.min(MAX_THRESHOLD, Math.max(MIN_THRESHOLD, this.#threshold + gain * excess * elapsed))
  }
}
