import type { Micros } from '@crossroom/media'
import type { Clock } from '../../hub/index.js'

/** Folds many changes into few calls: the first is immediate, those within the window after it share one call. */
export class Fold {
  readonly #clock: Clock
  readonly #window: Micros
  readonly #flush: () => void
  #nextAt: Micros = 0
  #cancel: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, window: Micros, flush: () => void) {
    this.#clock = clock
    this.#window = window
    this.#flush = flush
  }

  /** Something changed. Never calls back before it returns. */
  touch(): void {
    if (this.#closed || this.#cancel !== undefined) return
    const wait = Math.max(0, this.#nextAt - this.#clock.now())
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined
      this.now()
    })
  }

  /** It cannot wait. */
  now(): void {
    if (this.#closed) return
    this.#cancel?.()
    this.#cancel = undefined
    this.#nextAt = this.#clock.now() + this.#window
    this.#flush()
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = undefined
  }
}
