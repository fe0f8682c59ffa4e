import type { Micros } from '@crossroom/media'
import { OUTPUT_RATE } from '../audio-codecs.js'
import { stretchSamples } from '../sample-stretch.js'
import { SampleFifo } from '../sample-fifo.js'
import { MIX_FRAME } from './mix-format.js'

const MILLISECOND = OUTPUT_RATE / 1000
/**
 * Reserve that should remain before each pull, for jitter. It grows with every underrun, and shrinks in calm periods.
 */
const MIN_MARGIN = 3 * MILLISECOND
const MAX_MARGIN = 40 * MILLISECOND
const MARGIN_STEP = 5 * MILLISECOND
const MARGIN_CALM = 2 * MILLISECOND
/** Surplus that is not worth removing. */
const ENOUGH = MILLISECOND
/** Pulls over which the worst is looked for: 2 s. */
const WINDOW = 94
/** Waiting sound beyond this, and beyond what one block brings, is a burst after a stall: it is skipped. */
const MAX_WAITING = 60 * MILLISECOND
/** More than this is not even kept until the next pull. */
const MAX_HELD = 1000 * MILLISECOND
/** Samples by which one pull may be shortened or stretched: 0.6 %, 10 cents, for as long as it takes. */
const MAX_STRETCH = 6
/** Crossfade where audio is skipped. */
const BLEND = 120
/** The kept part of a late frame. */
const KEPT_LATE = 5 * MILLISECOND
/** Pulls without enough audio after which the source counts as silent, and restarts. */
const SILENT_PULLS = 3

/**
 * Decoded audio of one source between arrival and mixing. The wait is as short as the source's jitter allows: frames
 * that arrive just in time extend it slightly before they are late, and a reserve unused for two seconds is removed,
 * immediately during silence. Timestamps are ignored: a mix has only its own clock.
 */
export class PlayoutBuffer {
  readonly #fifo = new SampleFifo(1)
  /** The newest blocks: when they came, and their samples. */
  #arrivals: { readonly at: Micros; readonly count: number }[] = []
  #isPlaying = false
  #margin = MIN_MARGIN
  #largestBlock = 0
  #lowest = Infinity
  #pulls = 0
  #missed = 0
  /** Samples that were missing and may still come. */
  #late = 0
  /** Samples that the last window did not need or, negative, that it should have had. */
  #surplus = 0

  /** Samples that wait. */
  get waiting(): number {
    return this.#fifo.length
  }

  /** Every block is one frame of the mix or several, so that all come at the same place of its beat. */
  get isInStep(): boolean {
    return this.#largestBlock > 0 && this.#largestBlock % MIX_FRAME === 0
  }

  /** By how much the source comes later at times than it should, beyond what every source may. */
  get jitter(): Micros {
    return ((this.#margin - MIN_MARGIN) * 1e6) / OUTPUT_RATE
  }

  /** `at`: when the block came. */
  push(samples: Float32Array, count: number, at: Micros): void {
    const offset = this.#fifo.reserve(count)
    this.#fifo.plane(0).set(samples.subarray(0, count), offset)
    this.#count(count, at)
  }

  pushSilence(count: number, at: Micros): void {
    this.#fifo.pushSilence(count)
    this.#count(count, at)
  }

  #count(count: number, at: Micros): void {
    this.#arrivals.push({ at, count })
    this.#largestBlock = Math.max(this.#largestBlock, count)
    if (this.waiting > MAX_HELD) this.#fifo.drop(this.waiting - MAX_HELD)
  }

  /**
   * Writes MIX_FRAME samples to `out` at `offset`, or as many of them as there are; answers how many are missing at the end.
   */
  pull(out: Float32Array, offset: number, now: Micros): number {
    const fresh = this.#countFresh(now)
    if (!this.#isPlaying && !this.#canBegin(now, fresh)) return MIX_FRAME
    if (this.waiting < MIX_FRAME) return this.#underrun(out, offset)
    if (this.#late > 0) this.#leaveOutLate()
    this.#isPlaying = true
    this.#missed = 0
    const kept = MIX_FRAME + fresh
    if (this.waiting > kept + this.#largestBlock + MAX_WAITING) this.#skip(this.waiting - kept)
    this.#take(out, offset)
    this.#look(fresh)
    return 0
  }

  /** The source is inaudible at present: surplus is removed and a needed reserve added immediately. */
  settle(): void {
    if (this.#surplus > 0) this.#skip(Math.min(this.#surplus, this.waiting))
    else if (this.#surplus < 0) this.#beginAnew()
  }

  /** Samples that came within the margin before `now`; no more than regularly do. */
  #countFresh(now: Micros): number {
    const since = now - (this.#margin * 1e6) / OUTPUT_RATE
    const arrivals = this.#arrivals
    let old = 0
    while (old < arrivals.length - 1 && arrivals[old]!.at <= since) old++
    if (old > 0) arrivals.splice(0, old)
    let fresh = 0
    for (const { at, count } of arrivals) if (at > since) fresh += count
    return Math.min(fresh, this.#largestBlock + this.#margin)
  }

  /** Whether there is enough for every pull; surplus is removed before it is heard. */
  #canBegin(now: Micros, fresh: number): boolean {
    const newest = this.#arrivals.at(-1)?.at ?? 0
    const age = Math.min(this.#largestBlock, Math.floor(((now - newest) * OUTPUT_RATE) / 1e6))
    // Out of step with the mixes, a block will be missing sooner or later for as long as it lasts.
    const needed = MIX_FRAME + (this.isInStep ? fresh : this.#largestBlock + this.#margin - age)
    if (this.waiting < needed) return false
    this.#fifo.drop(this.waiting - needed)
    return true
  }

  #take(out: Float32Array, offset: number): void {
    const shrink = Math.max(-MAX_STRETCH, Math.min(MAX_STRETCH, this.#surplus, this.waiting - MIX_FRAME))
    const taken = MIX_FRAME + shrink
    const start = this.#fifo.offset
    const samples = this.#fifo.plane(0).subarray(start, start + taken)
    if (shrink === 0) out.set(samples, offset)
    else stretchSamples(samples, taken, -shrink, out, offset)
    this.#fifo.drop(taken)
    this.#surplus -= shrink
  }

  /**
   * Returns the available audio except for a small reserve for the next time. Audio too late for this frame is not
   * played after it, or the delay would grow by a frame each time.
   */
  #underrun(out: Float32Array, offset: number): number {
    const given = Math.max(0, this.waiting - KEPT_LATE)
    const start = this.#fifo.offset
    out.set(this.#fifo.plane(0).subarray(start, start + given), offset)
    this.#fifo.drop(given)
    this.#late += MIX_FRAME - given
    this.#startWindow()
    this.#missed += 1
    if (this.#missed === 1) this.#margin = Math.min(MAX_MARGIN, this.#margin + MARGIN_STEP)
    if (this.#missed >= SILENT_PULLS) {
      this.#beginAnew()
      this.#fifo.drop(this.waiting)
    }
    return MIX_FRAME - given
  }

  /** Late audio is dropped, except for that reserve or a quarter of a large amount. Lost audio never arrived. */
  #leaveOutLate(): void {
    const kept = Math.max(KEPT_LATE, this.#late >> 2)
    this.#fifo.drop(Math.max(0, Math.min(this.#late - kept, this.waiting - MIX_FRAME)))
    this.#late = 0
  }

  #look(fresh: number): void {
    // While it grows, the previous minimum is meaningless.
    if (this.#surplus < 0) return
    this.#lowest = Math.min(this.#lowest, this.waiting - fresh)
    this.#pulls += 1
    if (this.#pulls < WINDOW) return
    this.#margin = Math.max(MIN_MARGIN, this.#margin - MARGIN_CALM)
    // In step it is constant, except for the moving clock: the previous reserve is no longer needed.
    const surplus = this.isInStep && this.#lowest < 0 ? this.waiting - fresh : this.#lowest
    this.#startWindow()
    if (surplus > ENOUGH || surplus < 0) this.#surplus = Math.round(surplus)
  }

  #beginAnew(): void {
    this.#isPlaying = false
    this.#late = 0
    this.#startWindow()
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
