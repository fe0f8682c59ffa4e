import type { Machine, Micros, Polled } from './machine.js'

/** The runtime functions that a driver uses. */
export interface DriverClock {
  now(): Micros
  /** Calls back once after `delay`; the answer cancels it. A call that comes early is harmless. */
  after(delay: Micros, callback: () => void): () => void
}

export interface DriverHandlers<Output, Event> {
  output(output: Output): void
  event(event: Event): void
}

/**
 * Joins a sans-IO machine to a clock and to whatever carries its output. Every input is followed by polling to the end, and
 * one timer wakes the machine.
 */
export class Driver<Input, Output, Event> {
  readonly #machine: Machine<Input, Output, Event>
  readonly #clock: DriverClock
  readonly #handlers: DriverHandlers<Output, Event>
  /** Events that came up while another was handled. */
  readonly #held: Event[] = []
  /** When the timer fires; `Infinity` without one. */
  #timerAt: Micros = Infinity
  #cancelTimer: (() => void) | undefined
  #isDraining = false
  #isClosed = false

  constructor(machine: Machine<Input, Output, Event>, clock: DriverClock, handlers: DriverHandlers<Output, Event>) {
    this.#machine = machine
    this.#clock = clock
    this.#handlers = handlers
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  handleInput(input: Input, now: Micros = this.#clock.now()): void {
    if (this.#isClosed) return
    this.#machine.handleInput(now, input)
    this.drain(now)
  }

  /**
   * To be called after a command was given to the machine, or an input that is not its `handleInput`'s. Inside an event's
   * handler only the output is passed on, at once: the handler may close the connection behind it. The events are left to
   * the drain that is under way.
   */
  drain(now: Micros = this.#clock.now()): void {
    if (this.#isClosed) return
    const polled = this.#machine.poll(now)
    if (this.#isDraining) this.#passOutputs(now, polled)
    else this.#schedule(typeof polled === 'number' ? polled : this.#handOn(now, polled))
  }

  /** Stops the timer; nothing is called any more. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#dropTimer()
  }

  /** Hands on everything, and answers when to wake up. */
  #handOn(now: Micros, first: Polled<Output, Event>): Micros {
    this.#isDraining = true
    try {
      for (let polled = first; ; polled = this.#machine.poll(now)) {
        if (typeof polled === 'number') return polled
        if ('output' in polled) this.#handlers.output(polled.output)
        else this.#tell(polled.event)
        if (this.#isClosed) return Infinity
      }
    } finally {
      this.#isDraining = false
    }
  }

  #tell(event: Event): void {
    this.#handlers.event(event)
    while (this.#held.length > 0 && !this.#isClosed) this.#handlers.event(this.#held.shift() as Event)
  }

  #passOutputs(now: Micros, first: Polled<Output, Event>): void {
    for (let polled = first; typeof polled !== 'number'; polled = this.#machine.poll(now)) {
      if ('output' in polled) this.#handlers.output(polled.output)
      else this.#held.push(polled.event)
    }
  }

  /** A timer that is early polls again, which costs less than one more timer for each input. */
  #schedule(at: Micros): void {
    if (at === Infinity) this.#dropTimer()
    if (at >= this.#timerAt || this.#isClosed) return
    this.#cancelTimer?.()
    this.#timerAt = at
    this.#cancelTimer = this.#clock.after(at - this.#clock.now(), this.#wakeUp)
  }

  #dropTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#timerAt = Infinity
  }

  readonly #wakeUp = (): void => {
    this.#cancelTimer = undefined
    this.#timerAt = Infinity
    this.drain()
  }
}
