import type { Platform } from '../core/platform.js'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** A platform whose time only moves when told, and that has no network. */
export class FakeClock implements Platform {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  random(): number {
    return 0.5
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  watchNetwork(): () => void {
    return () => undefined
  }

  connect(): never {
    throw new Error('This platform has no network')
  }

  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers.delete(next)
      this.#now = next.at
      next.run()
    }
    this.#now = until
  }
}
