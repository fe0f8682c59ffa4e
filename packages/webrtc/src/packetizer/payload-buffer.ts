/**
 * Bytes of RTP payload per packet. With 12 + 28 bytes of RTP header and extensions, 16 of authentication tag and 48 of IPv6
 * and UDP it stays below 1280, the smallest MTU of IPv6, and leaves room for the OSN of RTX.
 */
export const MAX_RTP_PAYLOAD = 1150

/** Packets of one frame: 4096 × 1150 bytes is above the 4 MiB that a frame may have. */
export const MAX_FRAME_PACKETS = 4096

/** A buffer that has grown beyond this for one big keyframe is as large as it may get: 4096 × 1150 bytes. */
const MAX_BYTES = MAX_FRAME_PACKETS * MAX_RTP_PAYLOAD

const FIRST_BYTES = 64 * 1024
const FIRST_PACKETS = 64

/**
 * The RTP payloads of one frame back to back, packed once for all viewers and reused for the next frame. Packet `i` is
 * `bytes[ends[i - 1] ?? 0 .. ends[i]]`: the shape that `Egress.frame` takes.
 */
export class PayloadBuffer {
  #bytes = new Uint8Array(FIRST_BYTES)
  #ends = new Uint32Array(FIRST_PACKETS)
  #count = 0

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get ends(): Uint32Array {
    return this.#ends
  }

  /** Finished packets. */
  get count(): number {
    return this.#count
  }

  /** Bytes of all finished packets together. */
  get byteLength(): number {
    return this.#count === 0 ? 0 : this.#ends[this.#count - 1]!
  }

  /** A view of the payload of packet `index`; for tests and single packets, not for hot paths. */
  packet(index: number): Uint8Array {
    return this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index])
  }

  clear(): void {
    this.#count = 0
  }

  /**
   * Makes sure that `length` more bytes fit in the packet that begins at `byteLength`; false when the frame would exceed its
   * limits. `bytes` may be another array afterwards.
   */
  reserve(length: number): boolean {
    const needed = this.byteLength + length
    if (needed > MAX_BYTES || this.#count === MAX_FRAME_PACKETS) return false
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(2 * this.#bytes.length, needed), MAX_BYTES))
      grown.set(this.#bytes.subarray(0, this.byteLength))
      this.#bytes = grown
    }
    if (this.#count === this.#ends.length) {
      const grown = new Uint32Array(2 * this.#ends.length)
      grown.set(this.#ends)
      this.#ends = grown
    }
    return true
  }

  /** Ends the packet that `reserve` made room for at `end`, the offset behind its last byte. */
  finishPacket(end: number): void {
    this.#ends[this.#count++] = end
  }
}
