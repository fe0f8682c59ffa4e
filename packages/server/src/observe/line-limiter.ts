import { observeLimits } from '../config/index.js'

/** How many lines of a kind were left out in a window that is over. */
export interface LeftOut {
  readonly kind: string
  readonly lines: number
}

/** Kinds beyond the limit are counted together under this name. */
const OTHER = 'other'
const WINDOW_MS = 1000

/** Passes a limited number of lines per second and kind, and reports the suppressed ones afterwards. */
export class LineLimiter {
  readonly #nowMs: () => number
  readonly #lines = new Map<string, number>()
  #windowEndsMs = 0
  #report: LeftOut[] = []

  /** `nowMs` answers milliseconds that never go back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Whether a line of this kind may be written now. */
  allow(kind: string): boolean {
    const now = this.#nowMs()
    if (now >= this.#windowEndsMs) this.#startWindow(now)
    const known = this.#lines.has(kind) || this.#lines.size < observeLimits.logKinds ? kind : OTHER
    const lines = (this.#lines.get(known) ?? 0) + 1
    this.#lines.set(known, lines)
    return lines <= observeLimits.logLinesPerSecond
  }

  /** The suppressed lines of the last window; returned once. */
  takeReport(): readonly LeftOut[] {
    const report = this.#report
    if (report.length > 0) this.#report = []
    return report
  }

  #startWindow(now: number): void {
    for (const [kind, lines] of this.#lines) {
      const left = lines - observeLimits.logLinesPerSecond
      if (left > 0) this.#report.push({ kind, lines: left })
    }
    this.#lines.clear()
    this.#windowEndsMs = now + WINDOW_MS
  }
}
