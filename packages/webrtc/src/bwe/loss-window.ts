import type { Micros } from '@crossroom/media'

/** Loss is judged over at least this long and this many packets. */
const WINDOW: Micros = 1_000_000
const MIN_PACKETS = 20

/** Counts reported losses, by window. */
export class LossWindow {
  #startedAt: Micros | undefined
  #received = 0
  #lost = 0
  #fraction = 0

  /** Loss of the last whole window, 0 to 1. */
  get fraction(): number {
    return this.#fraction
  }

  /** Adds a report; true when it completed a window. */
  add(now: Micros, received: number, lost: number): boolean {
    this.#startedAt ??= now
    this.#received += received
    this.#lost += lost
    const packets = this.#received + this.#lost
    if (now - this.#startedAt < WINDOW || packets < MIN_PACKETS) return false
    this.#fraction = this.#lost / packets
    this.#startedAt = now
    this.#received = 0
    this.#lost = 0
    return true
  }
}
