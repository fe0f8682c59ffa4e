import type { NotificationMethod, NotificationParams } from '@crossroom/protocol'

interface Told {
  readonly isConnected: boolean
  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void
}

/** Notifies one owner of microphone requests, and remembers the sent notifications. */
export class MicRequests {
  readonly #owner: Told
  readonly #told = new Set<string>()

  constructor(owner: Told) {
    this.#owner = owner
  }

  requested({ userId, userName }: { readonly userId: string; readonly userName: string }): void {
    this.#told.add(userId)
    this.#owner.notify('mic.requested', { userId, userName })
  }

  withdrawn(userId: string): void {
    if (this.#owner.isConnected) this.#told.delete(userId)
    this.#owner.notify('mic.withdrawn', { userId })
  }

  /** By the owner itself. */
  answered(userId: string): void {
    this.#told.delete(userId)
  }

  /** Withdraws notified requests that have ended. */
  keep(asking: ReadonlySet<string>): void {
    for (const userId of [...this.#told]) if (!asking.has(userId)) this.withdrawn(userId)
  }
}
