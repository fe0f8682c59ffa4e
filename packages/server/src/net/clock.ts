import type { Micros } from '@crossroom/media'

/** The process's monotonic clock and Node's timers. */
export const systemClock = {
  now(): Micros {
    return Math.round(performance.now() * 1000)
  },
  after(delay: Micros, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.max(0, Math.ceil(delay / 1000)))
    return () => clearTimeout(timer)
  },
}

/** What the driver needs of a clock. */
export interface DriverClock {
  now(): Micros
  after(delay: Micros, callback: () => void): () => void
}
