/** Integer microseconds of any steady clock. */
export type Micros = number

/**
 * The five verbs of a sans-IO protocol machine; the twin of the one in `@crossroom/media`, which this package does not
 * import. The caller's loop: give input, a command or a time-out, then drain `pollOutput` and `pollEvent` until both answer
 * undefined, then sleep until `pollTimeout` or the next input.
 */
export interface Machine<Input, Output, Event> {
  handleInput(now: Micros, input: Input): void
  /** Tells that the time asked for by `pollTimeout` has come. Calling it early is harmless. */
  handleTimeout(now: Micros): void
  pollOutput(): Output | undefined
  pollEvent(): Event | undefined
  /** When `handleTimeout` must be called next; undefined when there is nothing to wait for. */
  pollTimeout(): Micros | undefined
}
