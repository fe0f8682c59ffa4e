import { roomLimits } from '../../config/limits.js'
import type { Participant } from '../participant.js'
import { mayBeAnchor } from './policy.js'
import type { Room } from '../room.js'
import { RoomError } from './room-error.js'

/** Link-mic: somebody of the audience asks, the owner or an operator answers, and who is accepted becomes an anchor. */
export class LinkMic {
  readonly #room: Room
  readonly #asking = new Set<string>()

  constructor(room: Room) {
    this.#room = room
  }

  request(participant: Participant): void {
    const { userId, userName, permissions } = participant
    if (!mayBeAnchor(permissions))
      throw new RoomError('NO_PERMISSION', 'Your signature does not let you send anything.')
    if (this.#asking.size >= roomLimits.micRequests)
      throw new RoomError(
        'TOO_MANY_REQUESTS',
        'Too many ask for the microphone already; wait until some were answered.',
      )
    this.#asking.add(userId)
    this.#room.owner?.notify('mic.requested', { userId, userName })
  }

  /** Whoever still waits is told to the new owner. */
  tellOwner(owner: Participant): void {
    for (const userId of this.#asking) {
      const participant = this.#room.participant(userId)
      if (participant !== undefined) owner.notify('mic.requested', { userId, userName: participant.userName })
    }
  }

  answer(userId: string, accepted: boolean, by?: string): void {
    const participant = this.#room.participant(userId)
    if (participant === undefined || !this.#asking.has(userId))
      throw new RoomError('USER_NOT_FOUND', 'Nobody with this user id asks for the microphone.')
    if (accepted) this.#room.setRole(participant, 'anchor', by)
    this.#asking.delete(userId)
    participant.notify('mic.answered', { userId, accepted, ...(by === undefined ? {} : { by }) })
  }

  remove(userId: string, by?: string): void {
    const participant = this.#room.participant(userId)
    if (participant?.role !== 'anchor')
      throw new RoomError('USER_NOT_FOUND', 'No anchor with this user id is in the room.')
    this.#room.setRole(participant, 'audience', by)
  }

  forget(userId: string): void {
    this.#asking.delete(userId)
  }
}
