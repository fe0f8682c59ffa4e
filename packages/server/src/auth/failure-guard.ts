import { addressGroup, authLimits, FairShare } from '../config/index.js'

interface Failures {
  count: number
  windowEndsMs: number
}

/**
 * Slows down guessing: an address (IPv6: its /64) that failed 10 times within a minute is refused until that minute is
 * over, each refusal held back for 2 s. The memory is bounded.
 */
export class FailureGuard {
  readonly #nowMs: () => number
  readonly #delay: (ms: number) => Promise<void>
  readonly #failures = new Map<string, Failures>()
  /** Delayed answers: one address must not make those of others immediate. */
  readonly #delayed = new FairShare(authLimits.delayedAnswers)

  /** `nowMs` answers milliseconds that never go back; `delay` resolves after so many milliseconds. */
  constructor(nowMs: () => number, delay: (ms: number) => Promise<void>) {
    this.#nowMs = nowMs
    this.#delay = delay
  }

  /** Whether this address must be refused without verification. */
  isBlocked(address: string): boolean {
    const failures = this.#failures.get(addressGroup(address))
    return (
      failures !== undefined && failures.windowEndsMs > this.#nowMs() && failures.count >= authLimits.failuresPerMinute
    )
  }

  /** Remembers that this address brought a wrong secret. */
  fail(address: string): void {
    const now = this.#nowMs()
    const key = addressGroup(address)
    const failures = this.#failures.get(key)
    if (failures !== undefined && failures.windowEndsMs > now) {
      failures.count++
      return
    }
    this.#failures.delete(key)
    if (this.#failures.size >= authLimits.failureAddresses) this.#forgetOne()
    this.#failures.set(key, { count: 1, windowEndsMs: now + authLimits.failureWindowMs })
  }

  /** The oldest that is not blocked: otherwise an attacker with many addresses would free a blocked one. */
  #forgetOne(): void {
    let oldest: string | undefined
    for (const [key, { count }] of this.#failures) {
      oldest ??= key
      if (count >= authLimits.failuresPerMinute) continue
      oldest = key
      break
    }
    if (oldest !== undefined) this.#failures.delete(oldest)
  }

  /** Delays the answer to a blocked address, unless too many of its answers are delayed already. */
  async holdBack(address: string): Promise<void> {
    const release = this.#delayed.take(addressGroup(address))
    if (release === undefined) return
    try {
      await this.#delay(authLimits.failureDelayMs)
    } finally {
      release()
    }
  }
}
