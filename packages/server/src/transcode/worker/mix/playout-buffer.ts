import { OUTPUT_RATE } from '../audio-converter.js'
import { SampleFifo } from '../sample-fifo.js'
import { stretchSamples } from '../sample-stretch.js'
import { MIX_FRAME } from './mix-format.js'

const MILLISECOND = OUTPUT_RATE / 1000
/** What is left after the worst pull should be this much: it grows with every underrun, and shrinks with calm. */
const MIN_MARGIN = 5 * MILLISECOND
const MAX_MARGIN = 40 * MILLISECOND
const MARGIN_STEP = 5 * MILLISECOND
const MARGIN_CALM = 2 * MILLISECOND
/** Pulls over which the worst is looked for: 2 s. */
const WINDOW = 94
/** Waiting sound beyond this, and beyond what one block brings, is a burst after a stall: it is skipped. */
const MAX_WAITING = 60 * MILLISECOND
/** More than this is not even kept until the next pull. */
const MAX_HELD = 1000 * MILLISECOND
/** Samples by which one pull may be shortened: one per cent, 17 cents, for as long as it takes. */
const MAX_SHRINK = 10
/** Where sound is left out, what was and what comes are blended over this. */
const BLEND = 120
/** Pulls without enough sound after which the source counts as silent, and begins anew. */
const SILENT_PULLS = 3

/**
 * Decoded sound of one source on its way from when it comes to when it is mixed. The wait is as short as the source's jitter
 * allows: an underrun makes it a little longer, and what two seconds never needed is given back, at once where nobody hears it.
 * Time stamps are not looked at: the only clock of a mix is its own.
 */
export class PlayoutBuffer {
  readonly #fifo = new SampleFifo(1)
  #isPlaying = false
  #margin = MIN_MARGIN
  #largestBlock = 0
  #lowest = Infinity
  #pulls = 0
  #missed = 0
  /** Samples that were missing and may still come. */
  #late = 0
  /** Samples that the last window did not need. */
  #surplus = 0

  /** Samples that wait. */
  get waiting(): number {
    return this.#fifo.length
  }

  push(samples: Float32Array, count: number): void {
    const offset = this.#fifo.reserve(count)
    this.#fifo.plane(0).set(samples.subarray(0, count), offset)
    this.#largestBlock = Math.max(this.#largestBlock, count)
    if (this.waiting > MAX_HELD) this.#fifo.drop(this.waiting - MAX_HELD)
  }

  /**
   * Writes MIX_FRAME samples to `out` at `offset`, or as many of them as there are; answers how many are missing at the end.
   */
  pull(out: Float32Array, offset: number): number {
    if (!this.#isPlaying && this.waiting < MIX_FRAME + this.#margin) return MIX_FRAME
    if (this.waiting < MIX_FRAME) return this.#underrun(out, offset)
    if (this.#late > 0) this.#leaveOutLate()
    this.#isPlaying = true
    this.#missed = 0
    const kept = MIX_FRAME + this.#margin
    if (this.waiting > kept + this.#largestBlock + MAX_WAITING) this.#skip(this.waiting - kept)
    const shrink = Math.min(MAX_SHRINK, this.#surplus, this.waiting - MIX_FRAME)
    const taken = MIX_FRAME + shrink
    const start = this.#fifo.offset
    const samples = this.#fifo.plane(0).subarray(start, start + taken)
    if (shrink > 0) stretchSamples(samples, taken, -shrink, out, offset)
    else out.set(samples, offset)
    this.#fifo.drop(taken)
    this.#surplus -= shrink
    this.#look()
    return 0
  }

  /** Nobody hears the source at the moment: what is not needed is given back at once. */
  settle(): void {
    if (this.#surplus > 0) this.#skip(Math.min(this.#surplus, this.waiting))
  }

  /**
   * Gives what is there but for a little, which rides out the next time. What comes too late for this frame is not played
   * after it, or the delay would grow by a frame each time.
   */
  #underrun(out: Float32Array, offset: number): number {
    const given = Math.max(0, this.waiting - MARGIN_STEP)
    const start = this.#fifo.offset
    out.set(this.#fifo.plane(0).subarray(start, start + given), offset)
    this.#fifo.drop(given)
    this.#late += MIX_FRAME - given
    this.#startWindow()
    this.#missed += 1
    if (this.#missed === 1) this.#margin = Math.min(MAX_MARGIN, this.#margin + MARGIN_STEP)
    if (this.#missed >= SILENT_PULLS) {
      this.#isPlaying = false
      this.#late = 0
      this.#fifo.drop(this.waiting)
    }
    return MIX_FRAME - given
  }

  /** What has come late is heard no more, except for that little, or a quarter of much. What was lost did not come. */
  #leaveOutLate(): void {
    const kept = Math.max(MARGIN_STEP, this.#late >> 2)
    this.#fifo.drop(Math.max(0, Math.min(this.#late - kept, this.waiting - MIX_FRAME)))
    this.#late = 0
  }

  #look(): void {
    this.#lowest = Math.min(this.#lowest, this.waiting)
    this.#pulls += 1
    if (this.#pulls < WINDOW) return
    this.#margin = Math.max(MIN_MARGIN, this.#margin - MARGIN_CALM)
    const surplus = Math.max(0, this.#lowest - this.#margin)
    this.#startWindow()
    this.#surplus = surplus
  }

  #startWindow(): void {
    this.#lowest = Infinity
    this.#pulls = 0
    this.#surplus = 0
  }

  /** Leaves out the oldest samples, without a click. */
  #skip(count: number): void {
    const plane = this.#fifo.plane(0)
    const start = this.#fifo.offset
    const blended = Math.min(BLEND, count, this.waiting - count)
    for (let index = 0; index < blended; index++) {
      const weight = index / blended
      const next = start + count + index
      plane[next] = plane[start + index]! * (1 - weight) + plane[next]! * weight
    }
    this.#fifo.drop(count)
    this.#startWindow()
  }
}
