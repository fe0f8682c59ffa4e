import { MAX_FRAME_BYTES, MAX_PACKETS_PER_FRAME } from './depacketizer.js'

/** Pieces of one unit that came in several packets. Holds views; copies once, in `join`. */
export class FragmentList {
  readonly #fragments: Uint8Array[] = []
  #byteLength = 0

  get byteLength(): number {
    return this.#byteLength
  }

  /** False when the unit has grown beyond what a frame may have. */
  push(fragment: Uint8Array): boolean {
    if (this.#fragments.length === MAX_PACKETS_PER_FRAME) return false
    this.#byteLength += fragment.length
    this.#fragments.push(fragment)
    return this.#byteLength <= MAX_FRAME_BYTES
  }

  /** All fragments in one new array behind `headroom` zero bytes; empties the list. */
  join(headroom = 0): Uint8Array {
    const joined = new Uint8Array(headroom + this.#byteLength)
    let offset = headroom
    for (const fragment of this.#fragments) {
      joined.set(fragment, offset)
      offset += fragment.length
    }
    this.clear()
    return joined
  }

  clear(): void {
    this.#fragments.length = 0
    this.#byteLength = 0
  }
}
