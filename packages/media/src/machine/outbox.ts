/** What a machine has ready for `poll`: all that is to be sent, then all that is to be told. */
export class Outbox<Output, Event> {
  readonly #outputs: Output[] = []
  readonly #events: Event[] = []

  send(output: Output): void {
    this.#outputs.push(output)
  }

  tell(event: Event): void {
    this.#events.push(event)
  }

  /** The next of it; undefined when there is nothing. */
  take(): { readonly output: Output } | { readonly event: Event } | undefined {
    if (this.#outputs.length > 0) return { output: this.#outputs.shift() as Output }
    if (this.#events.length > 0) return { event: this.#events.shift() as Event }
    return undefined
  }
}
