import type { Micros } from '@crossroom/media'
import type { Clock } from '../../../hub/index.js'

/** Changes that come within this time go into one offer. */
const FOLD: Micros = 50_000
/** An unanswered offer may have been lost with its socket. */
const UNANSWERED: Micros = 10_000_000

/** Decides when the down side is offered: changes are folded, and at most one offer waits for its answer. */
export class OfferSchedule {
  readonly #clock: Clock
  readonly #offer: (revision: number) => void
  #revision = 0
  #isUnanswered = false
  #isChanged = false
  #cancelTimer: (() => void) | undefined

  /** `offer` is called with the revision of the offer that is to be made. */
  constructor(clock: Clock, offer: (revision: number) => void) {
    this.#clock = clock
    this.#offer = offer
  }

  /** There is something to offer; `wait`: no sooner than that. */
  changed(wait: Micros = FOLD): void {
    if (this.#isChanged) return
    this.#isChanged = true
    if (!this.#isUnanswered) this.#arm(wait)
  }

  /** Offers at once, whatever waits: an offer that is unanswered is void. */
  now(): void {
    this.#make()
  }

  /** Whether an answer to that revision is waited for. */
  awaits(revision: number): boolean {
    return this.#isUnanswered && revision === this.#revision
  }

  /** The offer was answered; changes since then are offered next. */
  answered(): void {
    this.#isUnanswered = false
    this.#cancelTimer?.()
    if (this.#isChanged) this.#arm(FOLD)
  }

  /** The last offer is void, and nothing waits. */
  reset(): void {
    this.#isUnanswered = false
    this.#isChanged = false
    this.#cancelTimer?.()
  }

  #make(): void {
    this.#isChanged = false
    this.#isUnanswered = true
    this.#arm(UNANSWERED)
    this.#offer(++this.#revision)
  }

  #arm(delay: Micros): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#clock.after(delay, () => this.#make())
  }
}
