import type { User } from '../model.js'
import type { ExitReason, Notification } from '../notifications.js'
import type { UsersEvent } from './session-events.js'

/**
 * The other members of the room. The server's complete list is authoritative; `room.userEnter` and `room.userExit` only
 * arrive sooner and give reasons, so lost or repeated ones do no harm.
 */
export class UserList {
  /** The session's own user, who is not listed. */
  selfId = ''
  readonly #maxUsers: number
  readonly #users = new Map<string, User>()
  #audienceCount = 0

  constructor(maxUsers: number) {
    this.#maxUsers = maxUsers
  }

  /** Undefined when the notification changes nothing here. */
  take({ method, params }: Notification): UsersEvent | undefined {
    if (method === 'room.userList') return this.replace(params.userList, params.audienceCount)
    if (method === 'room.userEnter') return this.#enter(params.user)
    if (method === 'room.userExit') return this.#exit(params.userId, params.reason)
    return undefined
  }

  /** Takes the whole list. Undefined when nothing changed. */
  replace(userList: readonly User[], audienceCount: number): UsersEvent | undefined {
    const next = new Map<string, User>()
    for (const user of userList)
      if (user.userId !== this.selfId && next.size < this.#maxUsers) next.set(user.userId, user)
    const left = [...this.#users.keys()].filter((userId) => !next.has(userId))
    const entered: User[] = []
    const changed: User[] = []
    for (const user of next.values()) {
      const before = this.#users.get(user.userId)
      if (before === undefined) entered.push(user)
      else if (!isSame(before, user)) changed.push(user)
    }
    const isQuiet = left.length + entered.length + changed.length === 0 && audienceCount === this.#audienceCount
    if (isQuiet) return undefined
    this.#users.clear()
    for (const [userId, user] of next) this.#users.set(userId, user)
    this.#audienceCount = audienceCount
    return this.#event({ left: left.map((userId) => ({ userId, reason: 'left' })), entered, changed })
  }

  clear(): void {
    this.#users.clear()
    this.#audienceCount = 0
  }

  #enter(user: User): UsersEvent | undefined {
    const before = this.#users.get(user.userId)
    if (user.userId === this.selfId || (before !== undefined && isSame(before, user))) return undefined
    if (before === undefined && this.#users.size >= this.#maxUsers) return undefined
    this.#users.set(user.userId, user)
    return this.#event(before === undefined ? { entered: [user] } : { changed: [user] })
  }

  #exit(userId: string, reason: ExitReason): UsersEvent | undefined {
    return this.#users.delete(userId) ? this.#event({ left: [{ userId, reason }] }) : undefined
  }

  #event(change: Partial<Pick<UsersEvent, 'left' | 'entered' | 'changed'>>): UsersEvent {
    const users = [...this.#users.values()]
    return { kind: 'users', left: [], entered: [], changed: [], ...change, users, audienceCount: this.#audienceCount }
  }
}

/** Both were built by the same shape, so that equal users have equal texts. */
function isSame(one: User, other: User): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
