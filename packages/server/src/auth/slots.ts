/** A one-shot timer, in microseconds; the answer cancels it. */
export type After = (delay: number, callback: () => void) => () => void

/** So many at the same time; the others wait in a bounded line, each no longer than it can afford. */
export class Slots {
  readonly #waitingLimit: number
  readonly #after: After
  readonly #waiting = new Set<(taken: boolean) => void>()
  #free: number

  constructor(slots: number, waiting: number, after: After) {
    this.#after = after
    this.#free = slots
    this.#waitingLimit = waiting
  }

  /** True when a slot is taken and must be given back; false when none came free in time. */
  take(timeoutMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve(true)
    }
    if (this.#waiting.size >= this.#waitingLimit) return Promise.resolve(false)
    return new Promise((resolve) => {
      const answer = (taken: boolean): void => {
        cancel()
        this.#waiting.delete(answer)
        resolve(taken)
      }
      const cancel = this.#after(timeoutMs * 1000, () => answer(false))
      this.#waiting.add(answer)
    })
  }

  /** Gives a slot back: to the one who waits longest, if anybody does. */
  give(): void {
    const next = this.#waiting.values().next().value
    if (next === undefined) this.#free++
    else next(true)
  }
}
