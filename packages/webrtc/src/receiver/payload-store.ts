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
    if (bytes.length > SLAB_BYTES) return bytes.slice(offset, offset + length)
    if (this.#used + bytes.length > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    // All of it: the few bytes around the payload cost less than a view of it would. The next copy writes over what is behind.
    this.#slab.set(bytes, this.#used)
    const start = this.#used + offset
    this.#used = start + length
    return this.#slab.subarray(start, this.#used)
  }
}
