import { MIX_FRAME } from './mix-format.js'
import type { MixInput } from './mix-input.js'

/** Peaks are kept below this; what a mix of some has above it, where others would have cancelled it, is bent. */
const CEILING = 0.9
const HEADROOM = 1 - CEILING
/** After so many frames without a peak (0.4 s) the gain comes back by so much in each: from half to full in 1.5 s. */
const HOLD = 20
const RECOVERY = 1.01
/** Samples over which it goes away: 2.5 ms. */
const ATTACK = 120

/**
 * Keeps voices that speak at the same time from clipping. One gain for the whole room, made from the sum of all its
 * voices: every mix of the room has the same, so that a listener can go from one encoder to another without a step.
 */
export class MixLimiter {
  readonly #sum = new Float32Array(MIX_FRAME)
  #gain = 1
  #calm = 0

  /** The sum of the voices that were processed last, as quiet as they are. */
  get sum(): Float32Array {
    return this.#sum
  }

  /** Makes the newest frames of `voices` as quiet as need be. */
  process(voices: readonly MixInput[]): void {
    const before = this.#gain
    const needed = this.#neededFor(voices)
    this.#calm = needed < before ? 0 : this.#calm + 1
    this.#gain = Math.min(needed, this.#calm > HOLD ? before * RECOVERY : before)
    if (before === 1 && this.#gain === 1) return
    for (const voice of voices) this.#turnDown(voice.samples, voice.offsetOf(0), before)
    this.#turnDown(this.#sum, 0, before)
  }

  #turnDown(samples: Float32Array, offset: number, before: number): void {
    const gain = this.#gain
    const ramp = gain === before ? 0 : gain < before ? ATTACK : MIX_FRAME
    const step = (gain - before) / ramp
    for (let index = 0; index < ramp; index++) samples[offset + index]! *= before + step * (index + 1)
    for (let index = offset + ramp; index < offset + MIX_FRAME; index++) samples[index]! *= gain
  }

  #neededFor(voices: readonly MixInput[]): number {
    this.#sum.fill(0)
    if (voices.length === 0) return 1
    for (const voice of voices) addFrame(voice.samples, voice.offsetOf(0), this.#sum, 0)
    let peak = 0
    for (let index = 0; index < MIX_FRAME; index++) peak = Math.max(peak, Math.abs(this.#sum[index]!))
    return peak <= CEILING ? 1 : CEILING / peak
  }
}

/** Adds one frame to another. */
export function addFrame(from: Float32Array, fromOffset: number, to: Float32Array, toOffset: number): void {
  for (let index = 0; index < MIX_FRAME; index++) to[toOffset + index]! += from[fromOffset + index]!
}

/** Takes one frame out of a sum that it is in. */
export function subtractFrame(from: Float32Array, fromOffset: number, to: Float32Array, toOffset: number): void {
  for (let index = 0; index < MIX_FRAME; index++) to[toOffset + index]! -= from[fromOffset + index]!
}

/** Limits the samples of one frame smoothly to full scale. */
export function bendPeaks(samples: Float32Array, offset: number): void {
  for (let index = offset; index < offset + MIX_FRAME; index++) {
    const sample = samples[index]!
    const excess = Math.abs(sample) - CEILING
    if (excess > 0) samples[index] = Math.sign(sample) * (CEILING + HEADROOM * Math.tanh(excess / HEADROOM))
  }
}
