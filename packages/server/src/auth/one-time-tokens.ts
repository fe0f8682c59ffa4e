import { authLimits } from '../config/index.js'

/** One-time tokens that were used. A cluster shares them. */
export interface UsedTokens {
  /** Remembered here. */
  readonly size: number
  /** Undefined where that cannot be known now. */
  has(id: string): Promise<boolean | undefined>
  /** True the first time; false when it was used before, or cannot be remembered; undefined where that cannot be known now. */
  use(id: string, expiresAtMs: number): Promise<boolean | undefined>
  /** It was not used after all. */
  giveBack(id: string): void
}

/** Remembers one-time tokens until they run out by themselves. The memory is bounded: when it is full, none is taken. */
export class OneTimeTokens implements UsedTokens {
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

  has(id: string): Promise<boolean> {
    return Promise.resolve(this.#used.has(id))
  }

  use(id: string, expiresAtMs: number): Promise<boolean> {
    return Promise.resolve(this.#use(id, expiresAtMs))
  }

  giveBack(id: string): void {
    this.#used.delete(id)
  }

  #use(id: string, expiresAtMs: number): boolean {
    if (this.#used.has(id)) return false
    if (this.#used.size >= authLimits.oneTimeTokens) this.#forgetExpired()
    if (this.#used.size >= authLimits.oneTimeTokens) return false
    this.#used.set(id, expiresAtMs)
    return true
  }

  #forgetExpired(): void {
    const now = this.#nowMs()
    for (const [id, expiresAtMs] of this.#used) if (expiresAtMs + authLimits.clockLeewayMs < now) this.#used.delete(id)
  }
}
