import type { Micros } from '@crossroom/media'

/** Monotonic time and one-shot timers. `net` gives the real one, the tests a virtual one. */
export interface Clock {
  /** Monotonic, in microseconds from an arbitrary start: the time of media. */
  now(): Micros
  /** The same without the time in which the process was suspended: the measure for silence of clients. */
  listened(): Micros
  /** Calls back once after `delay` of listened time; the answer cancels it and may be called any number of times. */
  after(delay: Micros, callback: () => void): () => void
}
