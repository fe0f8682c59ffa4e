import type { Micros } from '@crossroom/media'

interface Timer {
  readonly at: Micros
  readonly order: number
  readonly callback: () => void
}

/**
 * Time that moves only when a test moves it. Timers fire in order of their time, and of their making where that is the
 * same; a timer set while another fires still fires if its time lies within the same step.
 */
export class VirtualClock {
  #now: Micros
  /** How far `now` is ahead of listened time. */
  #stoodStill: Micros = 0
  #order = 0
  #timers: Timer[] = []

  constructor(start: Micros = 0) {
    this.#now = start
  }

  now(): Micros {
    return this.#now + this.#stoodStill
  }

  /** Time without what `standStill` took. */
  listened(): Micros {
    return this.#now
  }

  /** The process stands still: time goes on, nothing fires, and what waits waits as long as before. */
  standStill(by: Micros): void {
    this.#stoodStill += by
  }

  /** The answer cancels; it may be called any number of times. */
  after(delay: Micros, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delay), order: this.#order++, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length
  }

  /** When the next timer fires; undefined when none waits. */
  get next(): Micros | undefined {
    const at = this.#first()?.at
    return at === undefined ? undefined : at + this.#stoodStill
  }

  advanceTo(time: Micros): void {
    this.#advanceTo(time - this.#stoodStill)
  }

  advance(by: Micros): void {
    this.#advanceTo(this.#now + by)
  }

  #advanceTo(time: Micros): void {
    for (;;) {
      const timer = this.#first()
      if (timer === undefined || timer.at > time) break
      this.#timers = this.#timers.filter((other) => other !== timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
    }
    this.#now = Math.max(this.#now, time)
  }

  #first(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers)
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer
    return first
  }
}
