/** How far `b` is ahead of `a` in 16-bit sequence space: −32768 … 32767 (RFC 1982 with the half-way case negative). */
export function sequenceDistance(a: number, b: number): number {
  return ((b - a) << 16) >> 16
}

/** How far `b` is ahead of `a` in 32-bit timestamp space: −2^31 … 2^31 − 1. */
export function timestampDistance(a: number, b: number): number {
  return (b - a) | 0
}

/**
 * Turns 16-bit sequence numbers into numbers that never wrap: each is placed nearest to the one before. The first result is
 * the wire value plus 2^16, so that packets from before the first one do not become negative.
 */
export class SequenceUnwrapper {
  #last: number | undefined

  /** The unwrapped number; moves the reference point, so feed only packets that passed authentication. */
  unwrap(sequenceNumber: number): number {
    this.#last = this.peek(sequenceNumber)
    return this.#last
  }

  /** As `unwrap`, without moving the reference point. */
  peek(sequenceNumber: number): number {
    if (this.#last === undefined) return sequenceNumber + 0x10000
    return this.#last + sequenceDistance(this.#last & 0xffff, sequenceNumber)
  }
}

/** The same for 32-bit RTP timestamps; the first result is the wire value plus 2^32. */
export class TimestampUnwrapper {
  #last: number | undefined

  /** The unwrapped timestamp in the same clock units; moves the reference point. */
  unwrap(timestamp: number): number {
    this.#last = this.peek(timestamp)
    return this.#last
  }

  /** As `unwrap`, without moving the reference point. */
  peek(timestamp: number): number {
    if (this.#last === undefined) return timestamp + 0x1_0000_0000
    return this.#last + timestampDistance(this.#last, timestamp)
  }
}
