import type { Micros } from '@crossroom/media'
import type { RtmpLimits } from '../limits.js'

/** A message of a publisher as it came. */
export interface WaitingMessage {
  readonly messageType: number
  /** Milliseconds modulo 2^32. */
  readonly timestamp: number
  readonly payload: Uint8Array
  readonly receivedAt: Micros
}

/**
 * The messages of a client between `publish` and its answer: relays and pipelining encoders do not wait, and send
 * metadata, sequence headers and the first keyframe only once.
 */
export class WaitingMessages {
  readonly #bytesAllowed: number
  readonly #countAllowed: number
  #messages: WaitingMessage[] = []
  #bytes = 0

  constructor(limits: RtmpLimits) {
    this.#bytesAllowed = limits.waitingBytes
    this.#countAllowed = limits.waitingMessages
  }

  /** A limit is reached: stop reading from the peer until the answer. Data from the same read still fits. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesAllowed || this.#messages.length >= this.#countAllowed
  }

  /** False when the message was dropped: twice the limit is there. */
  keep(message: WaitingMessage): boolean {
    const bytes = this.#bytes + message.payload.length
    if (bytes > 2 * this.#bytesAllowed || this.#messages.length >= 2 * this.#countAllowed) return false
    this.#bytes = bytes
    this.#messages.push(message)
    return true
  }

  /** All of them in the order in which they came; none are left. */
  take(): readonly WaitingMessage[] {
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    return messages
  }
}
