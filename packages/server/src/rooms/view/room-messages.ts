import type { Micros } from '@crossroom/media'
import type { ParamsOf, ReceivedMessage } from '@crossroom/protocol'
import { roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import { RoomError } from '../model/room-error.js'

/** A member with a signaling socket. */
export interface MessageReceiver {
  readonly userId: string
  notify(method: 'message.received', message: ReceivedMessage): void
}

/** The sender of a message. */
export interface Sender {
  readonly userId: string
  readonly userName: string
}

export interface RoomMessagesOptions {
  readonly clock: Clock
  readonly nowMs: () => number
  readonly newId: () => string
  readonly participants: () => Iterable<MessageReceiver>
  readonly find: (userId: string) => MessageReceiver | undefined
  /** To the members of other nodes. */
  readonly broadcast: (message: ReceivedMessage) => void
}

/** Texts and custom data from one member to another or to all. Nothing is kept. */
export class RoomMessages {
  readonly #options: RoomMessagesOptions
  #credit: number = roomLimits.messageBurst
  #creditAt: Micros

  constructor(options: RoomMessagesOptions) {
    this.#options = options
    this.#creditAt = options.clock.now()
  }

  /** Returns the id of the message. A message to all is not sent back to its sender. */
  send({ userId: from, userName: fromName }: Sender, { to, kind, data }: ParamsOf<'message.send'>): string {
    const { newId, nowMs, find, broadcast } = this.#options
    const message: ReceivedMessage = { messageId: newId(), from, fromName, to, kind, data, at: nowMs() }
    if (to === null) {
      this.#spend()
      this.deliver(message)
      broadcast(message)
      return message.messageId
    }
    const receiver = find(to)
    if (receiver === undefined)
      throw new RoomError('USER_NOT_FOUND', 'No user with this id and a signaling connection is in the room.')
    receiver.notify('message.received', message)
    return message.messageId
  }

  /** To the members of this node that it is for. */
  deliver(message: ReceivedMessage): void {
    const { from, to } = message
    for (const participant of this.#options.participants())
      if (to === null ? participant.userId !== from : participant.userId === to)
        participant.notify('message.received', message)
  }

  /** One message to all costs as many sends as there are members. */
  #spend(): void {
    const now = this.#options.clock.now()
    const gained = ((now - this.#creditAt) * roomLimits.messagesPerSecond) / 1_000_000
    this.#credit = Math.min(roomLimits.messageBurst, this.#credit + gained)
    this.#creditAt = now
    if (this.#credit < 1)
      throw new RoomError('TOO_MANY_REQUESTS', 'This room receives too many messages to everybody; wait a moment.')
    this.#credit--
  }
}
