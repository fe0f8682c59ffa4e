import type { Micros } from './frame.js'

/**
 * The five verbs of a sans-IO protocol machine. A machine owns no socket, timer, clock or random source.
 * The caller's loop: give input or a time-out, then drain `pollOutput` and `pollEvent` until both answer undefined,
 * then sleep until `pollTimeout` or the next input.
 */
export interface Machine<Input, Output, Event> {
  /** Takes what arrived at `now`. The machine may keep views of `input`: the caller must not write to it afterwards. */
  handleInput(now: Micros, input: Input): void
  /** Tells that the time asked for by `pollTimeout` has come. Calling it early is harmless. */
  handleTimeout(now: Micros): void
  pollOutput(): Output | undefined
  pollEvent(): Event | undefined
  /** When `handleTimeout` must be called next; undefined when there is nothing to wait for. */
  pollTimeout(): Micros | undefined
}
