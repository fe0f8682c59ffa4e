/** Runs what is done about one name one after the other; about different names at the same time. */
export class ClaimQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  isBusy(name: string): boolean {
    return this.#last.has(name)
  }

  async run<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name)
    const result = (async () => {
      await before?.catch(() => undefined)
      return await action()
    })()
    this.#last.set(name, result)
    try {
      return await result
    } finally {
      if (this.#last.get(name) === result) this.#last.delete(name)
    }
  }
}
