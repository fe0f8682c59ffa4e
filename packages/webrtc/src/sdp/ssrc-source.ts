/** The stream of an m-line that we send. */
export interface LocalStream {
  readonly ssrc: number
  /** Present when the codec has RTX. */
  readonly rtxSsrc?: number
}

/** SSRCs that differ within one session and are not 0 (RFC 3550 section 8.1). None comes twice: SRTP would use a key stream twice. */
export class SsrcSource {
  readonly #randomBytes: (length: number) => Uint8Array
  readonly #given = new Set<number>([0])

  constructor(randomBytes: (length: number) => Uint8Array) {
    this.#randomBytes = randomBytes
  }

  stream(withRtx: boolean): LocalStream {
    const ssrc = this.#next()
    return withRtx ? { ssrc, rtxSsrc: this.#next() } : { ssrc }
  }

  #next(): number {
    const bytes = this.#randomBytes(4)
    let ssrc = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0
    while (this.#given.has(ssrc)) ssrc = (ssrc + 1) >>> 0
    this.#given.add(ssrc)
    return ssrc
  }
}
