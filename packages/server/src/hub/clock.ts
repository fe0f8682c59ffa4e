import type { Micros } from '@crossroom/media'

/** Monotonic time and one-shot timers. `net` gives the real one, the tests a virtual one. */
export interface Clock {
  /** Monotonic, in microseconds from an arbitrary start. */
  now(): Micros
  /** Calls back once after `delay`; the answer cancels it and may be called any number of times. */
  after(delay: Micros, callback: () => void): () => void
}
