import { FairShare } from '../config/index.js'

/** A one-shot timer, in microseconds; the answer cancels it. */
export type After = (delay: number, callback: () => void) => () => void

/** Gives a slot back, once. */
export type Give = () => void

interface Waiter {
  readonly holder: string
  readonly answer: (give: Give | undefined) => void
}

/**
 * So many at the same time; the others wait in a bounded line, each no longer than it can afford. Slots and line are shared
 * fairly: a holder that has its share of slots waits, also while some are free, and does not hold up those behind it.
 */
export class Slots {
  readonly #after: After
  readonly #slots: FairShare
  readonly #line: FairShare
  readonly #waiting = new Set<Waiter>()

  constructor(slots: number, waiting: number, after: After) {
    this.#after = after
    this.#slots = new FairShare(slots)
    this.#line = new FairShare(waiting)
  }

  /** Resolves to a function that returns the slot; undefined if none became free in time. */
  take(timeoutMs: number, holder: string): Promise<Give | undefined> {
    const give = this.#slots.take(holder)
    if (give !== undefined) return Promise.resolve(this.#giving(give))
    const leaveLine = this.#line.take(holder)
    if (leaveLine === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const answer = (taken: Give | undefined): void => {
        cancel()
        leaveLine()
        this.#waiting.delete(waiter)
        resolve(taken)
      }
      const waiter: Waiter = { holder, answer }
      const cancel = this.#after(timeoutMs * 1000, () => answer(undefined))
      this.#waiting.add(waiter)
    })
  }

  /** A returned slot goes to the longest waiter below its share. */
  #giving(give: Give): Give {
    return () => {
      give()
      for (const { holder, answer } of this.#waiting) {
        const next = this.#slots.take(holder)
        if (next === undefined) continue
        answer(this.#giving(next))
        return
      }
    }
  }
}
