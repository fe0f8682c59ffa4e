import type { StreamKey } from '../hub/index.js'

/** What a codec process is fed with for one key. */
interface Input {
  /** Idempotent. */
  close(): void
}

/** Some of the inputs, until they are released. */
export interface HeldInputs {
  /** In the order of the keys. */
  readonly inputs: readonly number[]
  release(): void
}

/** The sources of one codec process, each once, however many outputs it is in. */
export class SharedInputs {
  readonly #open: (key: StreamKey, input: number) => Input
  readonly #shared = new Map<string, { readonly id: number; readonly input: Input; users: number }>()
  #last = 0

  /** `input`: unique here. */
  constructor(open: (key: StreamKey, input: number) => Input) {
    this.#open = open
  }

  get size(): number {
    return this.#shared.size
  }

  take(keys: readonly StreamKey[]): HeldInputs {
    const distinct = [...new Map(keys.map((key) => [key.text, key])).values()]
    const inputs = distinct.map((key) => this.#acquire(key))
    let isHeld = true
    return {
      inputs,
      release: () => {
        if (!isHeld) return
        isHeld = false
        for (const key of distinct) this.#release(key)
      },
    }
  }

  #acquire(key: StreamKey): number {
    const present = this.#shared.get(key.text)
    if (present !== undefined) {
      present.users += 1
      return present.id
    }
    this.#last += 1
    const id = this.#last
    this.#shared.set(key.text, { id, input: this.#open(key, id), users: 1 })
    return id
  }

  #release(key: StreamKey): void {
    const shared = this.#shared.get(key.text)
    if (shared === undefined) return
    shared.users -= 1
    if (shared.users > 0) return
    this.#shared.delete(key.text)
    shared.input.close()
  }
}
