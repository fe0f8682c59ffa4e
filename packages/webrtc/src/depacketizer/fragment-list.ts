import { MAX_FRAME_BYTES, MAX_PACKETS_PER_FRAME } from './depacketizer.js'
import type { FrameStore } from './frame-store.js'

/** Pieces of one unit that came in several packets. Holds views; copies once, in `join`. */
export class FragmentList {
  readonly #store: FrameStore
  readonly #fragments: Uint8Array[] = []
  /** Where each begins to count: headers before it are left out without a view of the rest. */
  readonly #starts: number[] = []
  /** Of both lists, which are not cut: their memory is used for the next unit. */
  #count = 0
  #byteLength = 0

  constructor(store: FrameStore) {
    this.#store = store
  }

  get byteLength(): number {
    return this.#byteLength
  }

  /** Takes `packet` from `start` on. False when the unit has grown beyond what a frame may have. */
  push(packet: Uint8Array, start = 0): boolean {
    if (this.#count === MAX_PACKETS_PER_FRAME) return false
    this.#byteLength += packet.length - start
    this.#fragments[this.#count] = packet
    this.#starts[this.#count++] = start
    return this.#byteLength <= MAX_FRAME_BYTES
  }

  /** All fragments in one new array behind `headroom` bytes that are the caller's to write; empties the list. */
  join(headroom = 0): Uint8Array {
    const joined = this.#store.take(headroom + this.#byteLength)
    let end = joined.length
    // From the last to the first: what stands before a fragment lands where the one before it is written next.
    for (let index = this.#count - 1; index >= 0; index--) {
      const fragment = this.#fragments[index]!
      const start = this.#starts[index]!
      const offset = end - fragment.length
      if (offset >= 0) joined.set(fragment, offset)
      else joined.set(fragment.subarray(start), offset + start)
      end = offset + start
    }
    this.clear()
    return joined
  }

  clear(): void {
    this.#count = 0
    this.#byteLength = 0
  }
}
