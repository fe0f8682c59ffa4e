/** The queue of a machine for `poll`: first all outputs, then all events. */
export class Outbox<Output, Event> {
  readonly #outputs: Output[] = []
  readonly #events: Event[] = []
  /** Answers are used again, so that a packet makes no object more. */
  readonly #output: { output: Output | undefined } = { output: undefined }
  readonly #event: { event: Event | undefined } = { event: undefined }

  send(output: Output): void {
    this.#outputs.push(output)
  }

  tell(event: Event): void {
    this.#events.push(event)
  }

  /** The next of it; undefined when there is nothing. See `Polled`. */
  take(): { readonly output: Output } | { readonly event: Event } | undefined {
    if (this.#outputs.length > 0) {
      this.#output.output = this.#outputs.shift()
      return this.#output as { readonly output: Output }
    }
    if (this.#events.length > 0) {
      this.#event.event = this.#events.shift()
      return this.#event as { readonly event: Event }
    }
    return undefined
  }
}
