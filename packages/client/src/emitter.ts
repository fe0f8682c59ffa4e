/** A listener of one event. */
export type Listener<T> = (event: T) => void

/** Typed events. A listener that throws is reported to the page and does not affect the others. */
export class Emitter<Events extends object> {
  /** Per event the listeners in the order they came, and whether each is to be called once only. */
  readonly #listeners = new Map<keyof Events, Map<Listener<never>, boolean>>()

  /** Calls `listener` at every `name`; twice the same listener counts once. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.#add(name, listener, false)
  }

  /** Calls `listener` at the next `name` only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.#add(name, listener, true)
  }

  /** Removes a listener; without one every listener of `name`. */
  off<Name extends keyof Events>(name: Name, listener?: Listener<Events[Name]>): this {
    if (listener === undefined) this.#listeners.delete(name)
    else this.#listeners.get(name)?.delete(listener)
    return this
  }

  /** Whether there are listeners. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const [listener, once] of [...(this.#listeners.get(name) ?? [])]) {
      if (once) this.#listeners.get(name)?.delete(listener)
      try {
        ;(listener as Listener<Events[Name]>)(event)
      } catch (error) {
        reportError(error)
      }
    }
  }

  /** Removes every listener. */
  clear(): void {
    this.#listeners.clear()
  }

  #add<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>, once: boolean): this {
    const listeners = this.#listeners.get(name) ?? new Map<Listener<never>, boolean>()
    this.#listeners.set(name, listeners.set(listener, once))
    return this
  }
}
