const WRAP = 2 ** 32

/**
 * Makes the 32-bit milliseconds of messages one line without wraps. A step of less than 2^31 ms either way is taken as
 * what it is, so that small steps back stay small steps back, also across 2^32; the first timestamp stands as it is, and
 * what lies before it may therefore be negative.
 */
export class TimestampUnwrapper {
  #last: number | undefined

  /** The position of a timestamp of audio or video, which later ones are measured from. */
  advance(timestamp: number): number {
    this.#last = this.locate(timestamp)
    return this.#last
  }

  /** The position of a timestamp that later ones are not measured from: script data often carries 0 in mid-stream. */
  locate(timestamp: number): number {
    if (this.#last === undefined) return timestamp
    // The difference modulo 2^32, as a signed number.
    return this.#last + ((timestamp - (this.#last % WRAP)) | 0)
  }
}
