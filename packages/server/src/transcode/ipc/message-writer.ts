/** So much is gathered at most before it goes out: an answer must not wait for all others of a long row. */
const GATHER_BYTES = 4096

/** Writes messages to a pipe. Messages within `together` are sent in one piece: they wake the reader once. */
export class MessageWriter {
  readonly #write: (bytes: Uint8Array) => void
  #gathered: Uint8Array[] = []
  #bytes = 0
  #isGathering = false

  /** `write` takes whole messages, one or several, and keeps them. */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write
  }

  write(message: Uint8Array): void {
    if (!this.#isGathering) {
      this.#write(message)
      return
    }
    this.#gathered.push(message)
    this.#bytes += message.length
    if (this.#bytes > GATHER_BYTES) this.#flush()
  }

  together(work: () => void): void {
    if (this.#isGathering) {
      work()
      return
    }
    this.#isGathering = true
    try {
      work()
    } finally {
      this.#isGathering = false
      this.#flush()
    }
  }

  #flush(): void {
    const [first] = this.#gathered
    if (first === undefined) return
    this.#write(this.#gathered.length === 1 ? first : Buffer.concat(this.#gathered, this.#bytes))
    this.#gathered = []
    this.#bytes = 0
  }
}
