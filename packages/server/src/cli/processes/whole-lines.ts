/** Lines of a stream whose pieces end anywhere, without their line feed. */
export class WholeLines {
  readonly #maxLength: number
  readonly #onLine: (line: string) => void
  #rest = ''

  /** A longer line becomes several. */
  constructor(maxLength: number, onLine: (line: string) => void) {
    this.#maxLength = maxLength
    this.#onLine = onLine
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
    if (this.#rest.length > this.#maxLength) this.end()
  }

  /** Nothing more comes: what is left is a line. */
  end(): void {
    const rest = this.#rest
    this.#rest = ''
    if (rest !== '') this.#onLine(rest)
  }
}
