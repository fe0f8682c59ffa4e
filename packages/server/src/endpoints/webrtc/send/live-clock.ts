import type { MediaFrame, Micros } from '@crossroom/media'

/** The mapping is let go of as slowly as two clocks may drift apart: 1000 ppm. */
const DRIFT_PER_MICRO = 0.001

/**
 * Where "now" lies on a stream's time line. Frames come late by varying amounts, never early, so the smallest difference
 * of arrival and presentation time is the best guess. One mapping serves both tracks: sender reports made of it keep
 * sound and picture together.
 */
export class LiveClock {
  #offset: Micros | undefined
  #at: Micros = 0

  handleFrame(frame: MediaFrame): void {
    const offset = frame.receivedAt - frame.pts
    if (this.#offset === undefined) this.#offset = offset
    else {
      const drifted = this.#offset + Math.max(0, frame.receivedAt - this.#at) * DRIFT_PER_MICRO
      this.#offset = Math.min(offset, drifted)
    }
    // Frames of a cache come again when another fanout of the same stream begins.
    this.#at = Math.max(this.#at, frame.receivedAt)
  }

  /** The stream time that is live at this moment; undefined before the first frame. */
  liveAt(now: Micros): Micros | undefined {
    return this.#offset === undefined ? undefined : Math.round(now - this.#offset)
  }

  /** Another publisher, another offset. */
  reset(): void {
    this.#offset = undefined
    this.#at = 0
  }
}
