import { roomLimits } from '../../config/limits.js'

/** Who may not come back for a while, by room: kept apart from the rooms, which a kick may leave empty. */
export class Bans {
  readonly #nowMs: () => number
  /** Until when, in unix milliseconds, by `ROOM USER`; in order of making. */
  readonly #until = new Map<string, number>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  add(roomId: string, userId: string, banMs: number): void {
    const name = nameOf(roomId, userId)
    this.#until.delete(name)
    if (banMs <= 0) return
    this.#until.set(name, this.#nowMs() + banMs)
    if (this.#until.size > roomLimits.bans) this.#forgetOldest()
  }

  has(roomId: string, userId: string): boolean {
    const name = nameOf(roomId, userId)
    const until = this.#until.get(name)
    if (until === undefined) return false
    if (until > this.#nowMs()) return true
    this.#until.delete(name)
    return false
  }

  #forgetOldest(): void {
    const [oldest] = this.#until.keys()
    if (oldest !== undefined) this.#until.delete(oldest)
  }
}

/** Neither id holds a space. */
function nameOf(roomId: string, userId: string): string {
  return `${roomId} ${userId}`
}
