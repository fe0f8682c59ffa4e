import type { SampleFifo } from './sample-fifo.js'

/** Samples that are remembered, and played back into a gap: 20 ms at 48 kHz. */
const MEMORY = 960
/** A gap fades to silence over at most this: 40 ms. */
const FADE_OUT = 1920
/** What follows a gap fades in over this: 2.5 ms. */
const FADE_IN = 120

/**
 * Fills gaps so that a lost packet is not a click: the last sound is played backwards and forwards, for so it joins
 * without a step, and fades to silence; what follows fades in.
 */
export class Concealment {
  readonly #memory: Float32Array[]
  /** Samples into the gap that is being filled; 0 outside of gaps. */
  #inGap = 0

  constructor(channels: number) {
    this.#memory = Array.from({ length: channels }, () => new Float32Array(MEMORY))
  }

  /** Looks at `count` samples that were written to the fifo at `offset`; fades them in when they follow a gap. */
  handleSamples(fifo: SampleFifo, offset: number, count: number): void {
    const fadeIn = this.#inGap > 0 ? Math.min(FADE_IN, count) : 0
    this.#inGap = 0
    for (const [channel, memory] of this.#memory.entries()) {
      const plane = fifo.plane(channel)
      for (let index = 0; index < fadeIn; index++) plane[offset + index]! *= index / fadeIn
      const fresh = Math.min(MEMORY, count)
      memory.copyWithin(0, fresh)
      memory.set(plane.subarray(offset + count - fresh, offset + count), MEMORY - fresh)
    }
  }

  /** Writes what `count` missing samples might have been to the fifo at `offset`. */
  fill(fifo: SampleFifo, offset: number, count: number): void {
    for (const [channel, memory] of this.#memory.entries()) {
      const plane = fifo.plane(channel)
      for (let index = 0; index < count; index++) {
        const place = this.#inGap + index
        plane[offset + index] = place < FADE_OUT ? echo(memory, place) * (1 - place / FADE_OUT) : 0
      }
    }
    this.#inGap += count
  }
}

/** Sample `place` of the memory played backwards, then forwards. */
function echo(memory: Float32Array, place: number): number {
  return place < MEMORY ? memory[MEMORY - 1 - place]! : memory[place - MEMORY]!
}
