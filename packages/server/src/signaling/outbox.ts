import { writeNotification, type NotificationMethod, type NotificationParams } from '@crossroom/protocol'

/** Serializes notifications; one for many members in a row is serialized once. */
export class Outbox {
  #method: NotificationMethod | undefined
  #params: unknown
  #bytes = Buffer.alloc(0)

  /** The bytes of a text message; they are shared and must not be changed. */
  write<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): Buffer {
    if (method !== this.#method || params !== this.#params) {
      this.#method = method
      this.#params = params
      this.#bytes = Buffer.from(writeNotification(method, params))
    }
    return this.#bytes
  }

  /** Drops the cached text. */
  clear(): void {
    this.#method = undefined
    this.#params = undefined
    this.#bytes = Buffer.alloc(0)
  }
}
