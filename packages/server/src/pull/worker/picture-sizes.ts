/** Sizes that wait at most: a decoder that is so far behind is out of step. */
const MAX_SIZES = 64

/** The sizes of the pictures that were sent, in the order of sending: what tells where a picture ends. */
export class PictureSizes {
  readonly #sizes: number[] = []

  push(bytes: number): void {
    this.#sizes.push(bytes)
    if (this.#sizes.length > MAX_SIZES) this.#sizes.shift()
  }

  /** Of the next picture. */
  get next(): number | undefined {
    return this.#sizes[0]
  }

  take(): void {
    this.#sizes.shift()
  }

  /** A picture of this size has ended: those before it are gone. */
  takeThrough(bytes: number): void {
    const found = this.#sizes.indexOf(bytes)
    if (found >= 0) this.#sizes.splice(0, found + 1)
  }

  clear(): void {
    this.#sizes.length = 0
  }
}
