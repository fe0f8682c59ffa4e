import type { Micros } from '@crossroom/media'

/** The devices on which users are online. One whose socket was lost is kept until its time is over. */
export class Devices {
  /** The user of each. */
  readonly #users = new Map<string, string>()
  readonly #byUser = new Map<string, Set<string>>()
  /** When those without a socket are gone, the next one first: all are kept for the same time. */
  readonly #lost = new Map<string, Micros>()

  get users(): number {
    return this.#byUser.size
  }

  online(name: string, userId: string): void {
    this.#lost.delete(name)
    this.#users.set(name, userId)
    const names = this.#byUser.get(userId) ?? new Set<string>()
    this.#byUser.set(userId, names.add(name))
  }

  lost(name: string, goneAt: Micros): void {
    this.#lost.delete(name)
    if (this.#users.has(name)) this.#lost.set(name, goneAt)
  }

  has(name: string): boolean {
    return this.#users.has(name)
  }

  userOf(name: string): string | undefined {
    return this.#users.get(name)
  }

  /** Those of a user, lost ones included: they may be back before they miss anything. */
  of(userId: string): readonly string[] {
    return [...(this.#byUser.get(userId) ?? [])]
  }

  get nextGone(): Micros {
    return this.#lost.values().next().value ?? Infinity
  }

  /** Forgets those whose time is over. */
  takeGone(now: Micros): string[] {
    const gone: string[] = []
    for (const [name, goneAt] of this.#lost) {
      if (goneAt > now) break
      gone.push(name)
      this.forget(name)
    }
    return gone
  }

  forget(name: string): void {
    const userId = this.#users.get(name)
    if (userId === undefined) return
    this.#lost.delete(name)
    this.#users.delete(name)
    const names = this.#byUser.get(userId)!
    names.delete(name)
    if (names.size === 0) this.#byUser.delete(userId)
  }
}
