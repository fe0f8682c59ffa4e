import { roomLimits } from '../../config/index.js'
import { linkOf } from './invitations.js'

/**
 * Users who may not return for a while, by room: kept separately from the rooms, which a kick may leave empty. A guest
 * can get further ids from the same invitation, so the ban of one excludes all of them, except those in the room.
 */
export class Bans {
  /** Until when, in unix milliseconds, by `ROOM USER`; in order of making. */
  readonly #until = new Map<string, number>()

  add(nowMs: number, roomId: string, userId: string, banMs: number): void {
    this.#set(nowMs, nameOf(roomId, userId), nowMs + banMs)
    const link = linkOf(userId)
    if (link === undefined) return
    const name = nameOf(roomId, link)
    this.#set(nowMs, name, Math.max(this.#until.get(name) ?? 0, nowMs + banMs))
  }

  has(nowMs: number, roomId: string, userId: string): boolean {
    return this.#holds(nowMs, nameOf(roomId, userId))
  }

  /** Whether another guest of the same invitation is banned. */
  hasLinkOf(nowMs: number, roomId: string, userId: string): boolean {
    const link = linkOf(userId)
    return link !== undefined && this.#holds(nowMs, nameOf(roomId, link))
  }

  #set(nowMs: number, name: string, until: number): void {
    this.#until.delete(name)
    if (until <= nowMs) return
    this.#until.set(name, until)
    if (this.#until.size > roomLimits.bans) this.#forgetOldest()
  }

  #holds(nowMs: number, name: string): boolean {
    const until = this.#until.get(name)
    if (until === undefined) return false
    if (until > nowMs) return true
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
