import { roomLimits } from '../config/index.js'
import type { Clock } from '../hub/index.js'

/** A Node timer is limited to 24.8 days; a signature may last longer. */
const LONGEST_WAIT_MS = 24 * 3600 * 1000

export interface ExpiryHandlers {
  /** Unix milliseconds. */
  expiring(expiresAt: number): void
  expired(): void
}

/** Watches the end of one signature: tells of it beforehand, and when it is there. */
export class Expiry {
  readonly #clock: Clock
  readonly #nowMs: () => number
  readonly #handlers: ExpiryHandlers
  #cancel: (() => void) | undefined
  #told = false

  constructor(clock: Clock, nowMs: () => number, handlers: ExpiryHandlers) {
    this.#clock = clock
    this.#nowMs = nowMs
    this.#handlers = handlers
  }

  /** Unix milliseconds; undefined never expires. Replaces the previous value. */
  set(expiresAt: number | undefined): void {
    this.close()
    this.#told = false
    if (expiresAt !== undefined) this.#wait(expiresAt)
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #wait(expiresAt: number): void {
    const warningMs = this.#told ? 0 : roomLimits.expiringMicros / 1000
    const waitMs = Math.max(0, expiresAt - warningMs - this.#nowMs())
    this.#cancel = this.#clock.after(Math.min(waitMs, LONGEST_WAIT_MS) * 1000, () => {
      this.#cancel = undefined
      if (waitMs > LONGEST_WAIT_MS) this.#wait(expiresAt)
      else if (this.#told) this.#handlers.expired()
      else {
        this.#told = true
        this.#wait(expiresAt)
        this.#handlers.expiring(expiresAt)
      }
    })
  }
}
