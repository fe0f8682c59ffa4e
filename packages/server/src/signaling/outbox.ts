import { writeNotification, type NotificationMethod, type NotificationParams } from '@crossroom/protocol'

/** Writes notifications; one that goes to many members, one after the other, is written once. */
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

  /** Lets go of what was written last. */
  clear(): void {
    this.#method = undefined
    this.#params = undefined
    this.#bytes = Buffer.alloc(0)
  }
}
