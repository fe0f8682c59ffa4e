import { callLimits } from '../config/index.js'
import { CallError } from './call-error.js'

/** Whose calls each user does not want. */
export class BlockLists {
  readonly #lists = new Map<string, Set<string>>()

  /** Throws CallError when there is no room for more. */
  set(userId: string, caller: string, isBlocked: boolean): void {
    const list = this.#lists.get(userId) ?? new Set<string>()
    if (!isBlocked) list.delete(caller)
    else if (list.size < callLimits.blockedUsers) list.add(caller)
    else throw new CallError('TOO_MANY_REQUESTS', `At most ${callLimits.blockedUsers} users can be blocked.`)
    if (list.size === 0) this.#lists.delete(userId)
    else if (this.#lists.has(userId) || this.#lists.size < callLimits.blockingUsers) this.#lists.set(userId, list)
    else throw new CallError('TOO_MANY_REQUESTS', 'The server keeps no more block lists.')
  }

  has(userId: string, caller: string | null): boolean {
    return caller !== null && this.#lists.get(userId)?.has(caller) === true
  }
}
