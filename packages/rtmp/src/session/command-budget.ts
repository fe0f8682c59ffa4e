import type { Micros } from '@crossroom/media'
import type { RtmpLimits } from '../limits.js'

const SECOND = 1_000_000

/** A token bucket against floods of what must be answered. */
export class CommandBudget {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #updatedAt: Micros | undefined

  constructor(limits: RtmpLimits) {
    this.#perSecond = limits.commandsPerSecond
    this.#burst = limits.commandBurst
    this.#tokens = limits.commandBurst
  }

  /** Takes one; false when there is none. */
  spend(now: Micros): boolean {
    const elapsed = now - (this.#updatedAt ?? now)
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed * this.#perSecond) / SECOND)
    this.#updatedAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
