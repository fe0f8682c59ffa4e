import { MIX_FRAME } from './mix-format.js'

/** Below this a source is silent, whatever it is: -62 dB of full scale. */
const SILENCE = 0.0008
/** Sound so many times above the noise of its microphone is a voice. */
const ABOVE_NOISE = 2.5
/** Louder than this is never taken for noise, however steady it is: music may be steady. -48 dB. */
const MAX_NOISE = 0.004
/** The noise is learnt over some ten seconds, and unlearnt at once when it is less. */
const LEARNING = 1 / 470
/** A voice ends when it was not heard for so many frames: 0.6 s, longer than a pause between words. */
const HANGOVER = 30
const LEVEL_DECAY = 0.9

/**
 * Detects speech. Members that do not speak are left out of the mix, so that ten quiet microphones do not make one loud
 * hiss.
 */
export class VoiceGate {
  #noise = 0
  #hangover = 0
  #level = 0

  get isOpen(): boolean {
    return this.#hangover > 0
  }

  /** The loudness of the last frames, root mean square of full scale, falling slowly. */
  get level(): number {
    return this.#level
  }

  /** Looks at one frame at `offset` of `plane`. */
  measure(plane: Float32Array, offset: number): void {
    let energy = 0
    for (let index = offset; index < offset + MIX_FRAME; index++) energy += plane[index]! * plane[index]!
    const loudness = Math.sqrt(energy / MIX_FRAME)
    if (loudness > Math.max(SILENCE, this.#noise * ABOVE_NOISE)) this.#hangover = HANGOVER
    else if (this.#hangover > 0) this.#hangover -= 1
    const isLess = loudness < this.#noise
    this.#noise = isLess ? loudness : Math.min(MAX_NOISE, this.#noise + (loudness - this.#noise) * LEARNING)
    this.#level = Math.max(loudness, this.#level * LEVEL_DECAY)
  }

  /** Shut from outside: too many others are louder. */
  shut(): void {
    this.#hangover = 0
  }
}
