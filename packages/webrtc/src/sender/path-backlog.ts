import type { Micros } from '@crossroom/media'

const SECOND: Micros = 1_000_000

/** A model of the queue in one viewer's path: bits that went in, less what the estimate says came through since. */
export class PathBacklog {
  #bits = 0
  #drainedAt: Micros = 0

  /**
   * How long the queue is, as a time. `bitrate` is what the estimate leaves for video, or Infinity while no limit of the
   * path is known: then there is no queue.
   */
  drain(now: Micros, bitrate: number): Micros {
    const elapsed = now - this.#drainedAt
    this.#drainedAt = now
    if (bitrate === Infinity) {
      this.#bits = 0
      return 0
    }
    this.#bits = Math.max(0, this.#bits - (elapsed * bitrate) / SECOND)
    return (this.#bits * SECOND) / bitrate
  }

  add(bytes: number): void {
    this.#bits += bytes * 8
  }
}
