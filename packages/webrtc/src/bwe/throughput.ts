import type { Micros } from '@crossroom/media'

/** Long enough to hold a keyframe and the frames around it, short enough to show a link that has become slower. */
const WINDOW: Micros = 500_000
const SLOT: Micros = 50_000
const SLOTS = WINDOW / SLOT

/** Bytes that arrived, in a sliding window on the receiver's clock. */
export class Throughput {
  readonly #bytes = new Float64Array(SLOTS)
  #slot: number | undefined
  #firstSlot = 0

  add(arrivedAt: Micros, bytes: number): void {
    const slot = Math.floor(arrivedAt / SLOT)
    if (this.#slot === undefined || slot - this.#slot >= SLOTS) {
      this.#bytes.fill(0)
      this.#firstSlot = this.#slot === undefined ? slot : slot - SLOTS + 1
      this.#slot = slot
    }
    while (this.#slot < slot) this.#bytes[++this.#slot % SLOTS] = 0
    if (slot > this.#slot - SLOTS) this.#bytes[slot % SLOTS]! += bytes
  }

  /** Bits per second over the window; undefined while less than half of it has been seen. */
  get bitrate(): number | undefined {
    if (this.#slot === undefined) return undefined
    const seen = Math.min(SLOTS, this.#slot - this.#firstSlot + 1)
    if (seen < SLOTS / 2) return undefined
    let sum = 0
    for (const bytes of this.#bytes) sum += bytes
    return (sum * 8 * 1_000_000) / (seen * SLOT)
  }
}
