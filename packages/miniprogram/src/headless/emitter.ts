type Listener<Detail> = (detail: Detail) => void

/** Named events with typed details. A listener that throws harms neither the others nor the caller. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return this
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.get(name)?.delete(listener)
    return this
  }

  protected emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        ;(listener as Listener<Events[Name]>)(detail)
      } catch (problem) {
        console.error(problem)
      }
    }
  }

  protected removeListeners(): void {
    this.#listeners.clear()
  }
}
