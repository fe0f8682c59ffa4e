/** Integer microseconds: the one time unit between protocols. Protocol clocks are converted at the edge. */
export type Micros = number

/**
 * The answer of a machine to a poll: an output, an event, or, as a number, the time of the next poll without input.
 * `Infinity` means that it waits for input alone. It is valid until the next poll: a machine may answer with the same
 * object each time.
 */
export type Polled<Output, Event> = { readonly output: Output } | { readonly event: Event } | Micros

/**
 * A sans-IO protocol machine. It owns no socket, timer, clock or random source. The caller's loop, which `Driver` is:
 * give an input or a command, poll until the answer is a number, then sleep until that time or the next input.
 */
export interface Machine<Input, Output, Event> {
  /** Takes what arrived at `now`. The machine may keep views of `input`: the caller must not write to it afterwards. */
  handleInput(now: Micros, input: Input): void
  /**
   * Handles everything due at `now` and returns the next output or event, output that must be sent before an event
   * first. Polling early is harmless. The returned time may be earlier than needed, never later.
   */
  poll(now: Micros): Polled<Output, Event>
}
