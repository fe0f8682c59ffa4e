/** Bytes per slab: 28 full packets, or four seconds of sound. */
const SLAB_BYTES = 32 * 1024

/**
 * Copies payloads out of the socket's buffer into slabs. One allocation serves dozens of packets; a slab is freed when the
 * last view of it is.
 */
export class PayloadStore {
  #slab = new Uint8Array(SLAB_BYTES)
  #used = 0

  /** A copy of `bytes[offset .. offset + length]` that nobody writes to again. */
  keep(bytes: Uint8Array, offset: number, length: number): Uint8Array {
    if (length > SLAB_BYTES) return bytes.slice(offset, offset + length)
    if (this.#used + length > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += length
    const copy = this.#slab.subarray(start, this.#used)
    copy.set(bytes.subarray(offset, offset + length))
    return copy
  }
}
