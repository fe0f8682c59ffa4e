const ERASE = '\r\x1b[K'
/** Interval of lines if a line cannot be overwritten. */
const REPEAT_MS = 5000

/** The part of `process.stdout` that a status line needs. */
export interface StatusTerminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** One line that is updated in place; a line every five seconds if the output is not a terminal. */
export class StatusLine {
  readonly #terminal: StatusTerminal
  #shown = false
  #repeatAtMs = 0

  constructor(terminal: StatusTerminal) {
    this.#terminal = terminal
  }

  /** Replaces the shown text; undefined clears it. */
  show(text: string | undefined, nowMs: number): void {
    if (this.#terminal.isTTY !== true) {
      this.#repeat(text, nowMs)
      return
    }
    if (text === undefined && !this.#shown) return
    // One column less: a full line wraps on some terminals, and cannot be written over.
    this.#terminal.write(ERASE + (text ?? '').slice(0, (this.#terminal.columns ?? 80) - 1))
    this.#shown = text !== undefined
  }

  /** Text to write before any other line, so that it does not begin in the middle of this one. */
  interrupt(): string {
    if (!this.#shown) return ''
    this.#shown = false
    return ERASE
  }

  #repeat(text: string | undefined, nowMs: number): void {
    if (text === undefined) this.#repeatAtMs = 0
    if (text === undefined || nowMs < this.#repeatAtMs) return
    this.#repeatAtMs = nowMs + REPEAT_MS
    this.#terminal.write(`${text}\n`)
  }
}
