import { roomLimits } from '../../config/index.js'
import { RoomError } from './room-error.js'

/** Unanswered microphone requests of the audience, oldest first. */
export class LinkMic {
  readonly #asking = new Set<string>()

  get asking(): Iterable<string> {
    return this.#asking
  }

  has(userId: string): boolean {
    return this.#asking.has(userId)
  }

  /** Throws RoomError when too many wait. */
  ask(userId: string): void {
    if (this.#asking.size >= roomLimits.micRequests)
      throw new RoomError(
        'TOO_MANY_REQUESTS',
        'Too many members already request the microphone; wait until some are answered.',
      )
    this.#asking.add(userId)
  }

  /** True when it was asking. */
  forget(userId: string): boolean {
    return this.#asking.delete(userId)
  }
}
