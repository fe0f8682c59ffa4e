/** Bytes per slab: a dozen frames of a 1 Mbit/s stream. Few enough that one frame that is kept for long keeps little else. */
const SLAB_BYTES = 64 * 1024
/** Larger frames have memory of their own. */
const MAX_SHARED_BYTES = SLAB_BYTES / 4

/**
 * Memory for assembling frames. A separate allocation per frame costs more than copying it, so many frames share one,
 * which is freed with the last of them. One store for all streams of a process fills, and so is freed, soonest.
 */
export class FrameStore {
  #slab = new Uint8Array(0)
  #used = 0

  /** `length` zeroed bytes, not shared. */
  take(length: number): Uint8Array {
    if (length > MAX_SHARED_BYTES) return new Uint8Array(length)
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used = start + length
    return this.#slab.subarray(start, this.#used)
  }

  /** A copy of `bytes`. */
  keep(bytes: Uint8Array): Uint8Array {
    const copy = this.take(bytes.length)
    copy.set(bytes)
    return copy
  }
}
