/**
 * Places that many holders share: one holder may have as many as are left free. So a holder alone has at most half of
 * them, two have a third each, and however greedy the others are, somebody who has none gets one.
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

  /** Undefined when this holder has its share; the answer gives the place back, once however often it is called. */
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
