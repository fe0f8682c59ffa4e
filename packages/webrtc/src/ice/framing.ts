/** RFC 4571 section 2: every packet on a stream is preceded by its length in 16 bits. */
export const FRAME_HEADER_BYTES = 2

/** DTLS, STUN, RTP and RTCP stay below 1500 bytes; anything near 64 KiB is an attack or another protocol. */
export const MAX_FRAMED_PACKET_BYTES = 4096

/**
 * Cuts a TCP stream into packets (RFC 4571). Bytes are kept only as they come in: a declared length allocates nothing.
 * After a length over the limit the stream cannot be followed any more; `failed` says so and the connection must close.
 */
export class FrameReader {
  #buffer = new Uint8Array(0)
  #start = 0
  #failed = false

  /** True once a packet longer than `MAX_FRAMED_PACKET_BYTES` was announced. */
  get failed(): boolean {
    return this.#failed
  }

  /** Bytes held for an unfinished packet. */
  get bufferedBytes(): number {
    return this.#buffer.length - this.#start
  }

  /** Takes what the socket gave. Drain with `next()` before the next push. */
  push(bytes: Uint8Array): void {
    if (this.#failed) return
    const rest = this.#buffer.subarray(this.#start)
    if (rest.length === 0) {
      this.#buffer = bytes as Uint8Array<ArrayBuffer>
    } else {
      this.#buffer = new Uint8Array(rest.length + bytes.length)
      this.#buffer.set(rest)
      this.#buffer.set(bytes, rest.length)
    }
    this.#start = 0
  }

  /** The next whole packet as a view, or undefined. Empty frames, which some stacks send to keep the way open, are skipped. */
  next(): Uint8Array | undefined {
    while (!this.#failed && this.bufferedBytes >= FRAME_HEADER_BYTES) {
      const length = (this.#buffer[this.#start]! << 8) | this.#buffer[this.#start + 1]!
      if (length > MAX_FRAMED_PACKET_BYTES) {
        this.#failed = true
        this.#buffer = new Uint8Array(0)
        this.#start = 0
        return undefined
      }
      if (this.bufferedBytes < FRAME_HEADER_BYTES + length) return undefined
      const packetAt = this.#start + FRAME_HEADER_BYTES
      this.#start = packetAt + length
      if (length > 0) return this.#buffer.subarray(packetAt, this.#start)
    }
    return undefined
  }
}

/** Writes `packet` with its length before it and returns the offset behind it. */
export function writeFrame(packet: Uint8Array, out: Uint8Array, offset: number): number {
  out[offset] = packet.length >>> 8
  out[offset + 1] = packet.length & 0xff
  out.set(packet, offset + FRAME_HEADER_BYTES)
  return offset + FRAME_HEADER_BYTES + packet.length
}
