import type { MediaFrame, Micros } from '@crossroom/media'

/** A video frame that is late by more than this is not waited for. */
const LATE_TOLERANCE: Micros = 10_000

/**
 * Decides whether an audio frame goes out at once or waits to share a write with the next video frame: only when that
 * one is expected within `mergeMicros`. Halves the writes of a stream for at most that delay of its sound.
 */
export class AudioHold {
  readonly #mergeMicros: Micros
  #lastVideoAt: Micros | undefined
  #interval: Micros | undefined

  constructor(mergeMicros: Micros) {
    this.#mergeMicros = mergeMicros
  }

  handleVideo(frame: MediaFrame): void {
    const last = this.#lastVideoAt
    this.#lastVideoAt = frame.receivedAt
    if (last === undefined) return
    const gap = frame.receivedAt - last
    this.#interval = this.#interval === undefined ? gap : this.#interval + (gap - this.#interval) / 8
  }

  /** How long this audio frame may wait; 0 means that it goes at once. */
  holdFor(frame: MediaFrame): Micros {
    if (this.#lastVideoAt === undefined || this.#interval === undefined) return 0
    const untilVideo = this.#lastVideoAt + this.#interval - frame.receivedAt
    return untilVideo <= this.#mergeMicros && untilVideo >= -LATE_TOLERANCE ? this.#mergeMicros : 0
  }
}
