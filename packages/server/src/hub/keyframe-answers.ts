import type { Micros } from '@crossroom/media'

/** A keyframe that comes within this time of the first request is its answer: a round trip and a picture, with room to spare. */
const ANSWER: Micros = 1_000_000

/**
 * Whether a publisher sends keyframes on request: some encoders accept PLI (RFC 4585 section 6.3.1) and ignore it. A request
 * repeated while the first one waits does not make a late keyframe an answer.
 */
export class KeyframeAnswers {
  /** The first request since the last keyframe. */
  #askedAt: Micros | undefined
  #answered: boolean | undefined

  /** Forgets everything: another publisher. */
  restart(): void {
    this.#askedAt = undefined
    this.#answered = undefined
  }

  asked(now: Micros): void {
    this.#askedAt ??= now
  }

  /** Notes a keyframe of the publisher, requested or not. */
  keyframe(now: Micros): void {
    if (this.#askedAt === undefined) return
    this.#answered = now - this.#askedAt <= ANSWER
    this.#askedAt = undefined
  }

  /** The last request was answered in time; undefined while there was none to judge by. */
  isAnswered(now: Micros): boolean | undefined {
    if (this.#askedAt !== undefined && now - this.#askedAt > ANSWER) return false
    return this.#answered
  }
}
