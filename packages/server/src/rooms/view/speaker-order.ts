import { roomLimits } from '../../config/index.js'

/** A speaker comes to the front when it is louder than the quietest there by this much, of 100. */
const MARGIN = 10
/** How much of a new level counts: about a second to follow. */
const WEIGHT = 0.25
/** The level of a sender that does not report one: a quiet speaker. */
const UNKNOWN_LEVEL = 40

/**
 * The audible members if not all can be: the loudest first, and a member keeps its slot until another is clearly
 * louder, so that slots do not change at every breath.
 */
export class SpeakerOrder {
  readonly #levels = new Map<string, number>()
  #front: string[] = []
  #rest: string[] = []

  /** Users in order of preference. */
  get order(): readonly string[] {
    return [...this.#front, ...this.#rest]
  }

  /** `levels` of known members, 0 to 100, undefined if the sender reports none. True if the front changed. */
  update(levels: ReadonlyMap<string, number | undefined>): boolean {
    for (const userId of this.#levels.keys()) if (!levels.has(userId)) this.#levels.delete(userId)
    for (const [userId, level = UNKNOWN_LEVEL] of levels) {
      const before = this.#levels.get(userId) ?? 0
      this.#levels.set(userId, before + (level - before) * WEIGHT)
    }
    const front = this.#front.filter((userId) => levels.has(userId))
    const waiting = [...levels.keys()].filter((userId) => !front.includes(userId))
    waiting.sort((a, b) => this.#levelOf(b) - this.#levelOf(a))
    while (front.length < roomLimits.audibleTracks && waiting.length > 0) front.push(waiting.shift()!)
    this.#exchange(front, waiting)
    const changed = front.length !== this.#front.length || front.some((userId) => !this.#front.includes(userId))
    this.#front = front
    this.#rest = waiting
    return changed
  }

  /** Exchanges the loudest waiting members with the quietest in front. */
  #exchange(front: string[], waiting: string[]): void {
    for (let i = 0; i < waiting.length; i++) {
      const quietest = front.reduce((a, b) => (this.#levelOf(b) < this.#levelOf(a) ? b : a), front[0]!)
      const challenger = waiting[i]!
      if (this.#levelOf(challenger) <= this.#levelOf(quietest) + MARGIN) return
      front[front.indexOf(quietest)] = challenger
      waiting[i] = quietest
    }
  }

  #levelOf(userId: string): number {
    return this.#levels.get(userId) ?? 0
  }
}
