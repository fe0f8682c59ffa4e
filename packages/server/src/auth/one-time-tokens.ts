import { authLimits } from '../config/index.js'

/** Remembers one-time tokens until they run out by themselves. The memory is bounded: when it is full, none is taken. */
export class OneTimeTokens {
  readonly #nowMs: () => number
  /** Id to expiry, in order of arrival. */
  readonly #used = new Map<string, number>()

  /** `nowMs` is the wall clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#used.size
  }

  has(id: string): boolean {
    return this.#used.has(id)
  }

  /** True the first time; false when it was used before, or cannot be remembered. */
  use(id: string, expiresAtMs: number): boolean {
    if (this.#used.has(id)) return false
    if (this.#used.size >= authLimits.oneTimeTokens) this.#forgetExpired()
    if (this.#used.size >= authLimits.oneTimeTokens) return false
    this.#used.set(id, expiresAtMs)
    return true
  }

  /** It was not used after all. */
  giveBack(id: string): void {
    this.#used.delete(id)
  }

  #forgetExpired(): void {
    const now = this.#nowMs()
    for (const [id, expiresAtMs] of this.#used) if (expiresAtMs + authLimits.clockLeewayMs < now) this.#used.delete(id)
  }
}
