import type { Micros } from '../machine/index.js'

const SECOND: Micros = 1_000_000
/**
 * Stamps in whole milliseconds, rounded, lie within half a millisecond of the truth; the upper edge is 1 µs short of it so
 * that the output rounds back to the stamp.
 */
const QUANTUM_BELOW: Micros = 500
const QUANTUM_ABOVE: Micros = 499
/** Frames after an anchor during which the phase may move freely within the quantum: the first stamp hid it. */
const SETTLING_FRAMES = 128
const SETTLING_STEP: Micros = 1000
/** How fast the count follows a source whose clock is not ours: ±1000 ppm, ten times what crystals are off. */
const MAX_SLEW = 1 / 1000
/**
 * Further off than this the stamps tell of a gap or a jump, not of jitter. Phones stamp within 20 to 40 ms of the
 * truth; one lost frame of AAC at 16 kHz is 64 ms, and must not become 64 ms of lost lip synchrony.
 */
const REANCHOR_DISTANCE: Micros = 60_000
/**
 * A distance that every stamp of a whole second keeps, to the same side, is not jitter either: the first stamp was an
 * outlier, or a frame of 21 ms was lost. Slewing would take most of a minute, so the count steps.
 */
const STEP_DISTANCE: Micros = 15_000

/**
 * Audio time counted in samples. A protocol's millisecond timestamps (23, 23, 24 ms for 1024 samples at 44.1 kHz) only
 * correct the count: differences within the rounding of a millisecond change nothing, larger ones are followed slowly,
 * a lasting difference of more than 15 ms makes a step, and a jump of more than 60 ms restarts the count. For a regular
 * source the result, rounded to milliseconds, equals the source's timestamp.
 */
export class AudioSampleClock {
  readonly #sampleRate: number
  /** Time of sample 0 of the current second; fractions of a microsecond are kept. */
  #base: Micros = 0
  /** Samples since `#base`, below one second's worth. */
  #samples = 0
  #framesSinceAnchor = -1
  /** The smallest error of the frames that were all off to the same side, and how many samples they had. */
  #displacement: Micros = 0
  #displacedSamples = 0
  #anchors = 0

  /** @param sampleRate Hz in which the samples of `next` are counted. */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate
  }

  /** How often the count was restarted, including the first frame. */
  get anchors(): number {
    return this.#anchors
  }

  /** The time of a frame of `samples` samples per channel that the protocol stamps with `stamp`. */
  next(stamp: Micros, samples: number): Micros {
    let time = this.#base + (this.#samples * SECOND) / this.#sampleRate
    const error = stamp - time
    if (this.#framesSinceAnchor < 0 || Math.abs(error) > REANCHOR_DISTANCE) {
      time = stamp
      this.#anchor(stamp)
    } else {
      const correction = this.#step(error, samples) + this.#correction(error, samples)
      this.#base += correction
      time += correction
    }
    this.#advance(samples)
    return Math.round(time)
  }

  /** The step that is due; 0 nearly always. Backwards it is less than a frame, so that time never goes back. */
  #step(error: Micros, samples: number): Micros {
    if (Math.abs(error) <= STEP_DISTANCE || error * this.#displacement < 0) {
      this.#displacement = 0
      this.#displacedSamples = 0
      return 0
    }
    const isSmaller = this.#displacedSamples === 0 || Math.abs(error) < Math.abs(this.#displacement)
    if (isSmaller) this.#displacement = error
    this.#displacedSamples += samples
    if (this.#displacedSamples < this.#sampleRate) return 0
    const step = Math.max(this.#displacement, -(samples * SECOND) / this.#sampleRate / 2)
    this.#displacement = 0
    this.#displacedSamples = 0
    return step
  }

  #correction(error: Micros, samples: number): Micros {
    // What the rounding of the stamp cannot explain.
    const excess = error > QUANTUM_BELOW ? error - QUANTUM_BELOW : error < -QUANTUM_ABOVE ? error + QUANTUM_ABOVE : 0
    if (excess === 0) return 0
    const isSettling = this.#framesSinceAnchor < SETTLING_FRAMES
    const step = isSettling ? SETTLING_STEP : ((samples * SECOND) / this.#sampleRate) * MAX_SLEW
    return Math.max(-step, Math.min(step, excess))
  }

  #anchor(stamp: Micros): void {
    this.#base = stamp
    this.#samples = 0
    this.#framesSinceAnchor = 0
    this.#displacement = 0
    this.#displacedSamples = 0
    this.#anchors += 1
  }

  #advance(samples: number): void {
    this.#samples += samples
    this.#framesSinceAnchor += 1
    if (this.#samples < this.#sampleRate) return
    const seconds = Math.floor(this.#samples / this.#sampleRate)
    this.#base += seconds * SECOND
    this.#samples -= seconds * this.#sampleRate
  }
}
