import type { Machine, Micros } from '@crossroom/media'
import type { DriverClock } from './clock.js'

export interface DriverHandlers<Output, Event> {
  output(output: Output): void
  event(event: Event): void
}

/**
 * Joins a sans-IO machine to a clock and to whatever carries its output. Every input is followed by a full drain, and
 * one timer stands for `pollTimeout`.
 */
export class Driver<Input, Output, Event> {
  readonly #machine: Machine<Input, Output, Event>
  readonly #clock: DriverClock
  readonly #handlers: DriverHandlers<Output, Event>
  #timeoutAt: Micros | undefined
  #cancelTimer: (() => void) | undefined
  #draining = false
  #closed = false

  constructor(machine: Machine<Input, Output, Event>, clock: DriverClock, handlers: DriverHandlers<Output, Event>) {
    this.#machine = machine
    this.#clock = clock
    this.#handlers = handlers
  }

  handleInput(input: Input): void {
    if (this.#closed) return
    this.#machine.handleInput(this.#clock.now(), input)
    this.drain()
  }

  /**
   * To be called after a command was given to the machine. Inside an event handler only its output is passed on, at once:
   * the handler may close the connection behind it. The events are left to the drain that is under way.
   */
  drain(): void {
    if (this.#draining) {
      this.#passOutput()
      return
    }
    this.#draining = true
    try {
      for (;;) {
        // Output before events: what an event's handler writes by itself must come after what led to the event.
        this.#passOutput()
        const event = this.#machine.pollEvent()
        if (event === undefined) break
        this.#handlers.event(event)
      }
    } finally {
      this.#draining = false
    }
    this.#schedule()
  }

  /** Stops the timer; nothing is called any more. Idempotent. */
  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #passOutput(): void {
    for (let output = this.#machine.pollOutput(); output !== undefined; output = this.#machine.pollOutput())
      this.#handlers.output(output)
  }

  #schedule(): void {
    if (this.#closed) return
    const timeoutAt = this.#machine.pollTimeout()
    if (timeoutAt === this.#timeoutAt) return
    this.#timeoutAt = timeoutAt
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (timeoutAt !== undefined) this.#cancelTimer = this.#clock.after(timeoutAt - this.#clock.now(), this.#handleTimer)
  }

  readonly #handleTimer = (): void => {
    this.#timeoutAt = undefined
    this.#cancelTimer = undefined
    if (this.#closed) return
    this.#machine.handleTimeout(this.#clock.now())
    this.drain()
  }
}
