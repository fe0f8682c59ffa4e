/**
 * Places that many holders share: a holder may have as many as remain free. So one holder gets at most half of them, two
 * get a third each, and a holder without a place always gets one.
 */
export class FairShare {
  readonly #places: number
  readonly #held = new Map<string, number>()
  #taken = 0

  constructor(places: number) {
    this.#places = places
  }

  get taken(): number {
    return this.#taken
  }

  /** Returns a function that releases the place (idempotent), or undefined if the holder has its share. */
  take(holder: string): (() => void) | undefined {
    const own = this.#held.get(holder) ?? 0
    if (own >= this.#places - this.#taken) return undefined
    this.#held.set(holder, own + 1)
    this.#taken++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#taken--
      const left = this.#held.get(holder)! - 1
      if (left === 0) this.#held.delete(holder)
      else this.#held.set(holder, left)
    }
  }
}
