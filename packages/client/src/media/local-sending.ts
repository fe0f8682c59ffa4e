import { toCrossroomError, type CrossroomError } from '../errors.js'

/** A change of local media, finished when the devices have changed. */
type Change = () => Promise<void> | void

/** Publishes local media after each change. A failure goes to the method that waits for it, otherwise to `failed`. */
export class LocalSending {
  readonly #publish: () => Promise<void>
  readonly #failed: (error: CrossroomError) => void
  #last: Promise<void> = Promise.resolve()
  /** Methods that wait. */
  #waiting = 0

  constructor(publish: () => Promise<void>, failed: (error: CrossroomError) => void) {
    this.#publish = publish
    this.#failed = failed
  }

  /** Local media has changed. */
  start(): void {
    this.#last = this.#publish()
    this.#last.catch((error: unknown) => {
      if (this.#waiting === 0) this.#failed(toCrossroomError(error, 'NEGOTIATION_FAILED'))
    })
  }

  /**
   * Changes local media, and waits until the server has agreed. Refused media is withheld, because an offer with it
   * would be refused completely.
   */
  async after(change: Change, withhold?: Change): Promise<void> {
    this.#waiting++
    try {
      await change()
      await this.#last.catch(async (error: unknown) => {
        await withhold?.()
        throw error
      })
    } finally {
      this.#waiting--
    }
  }
}
