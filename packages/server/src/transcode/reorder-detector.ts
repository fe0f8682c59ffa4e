import type { Micros, VideoConfig, VideoFrame } from '@crossroom/media'

/** Time stamps of FLV are whole milliseconds, so a difference may be off by two. */
const JITTER: Micros = 3000

/**
 * Tells whether pictures come in another order than they are shown. Most bitstreams say so; where one does not, its
 * time stamps do: the distance from decoding to showing is constant as long as the order is the same.
 */
export class ReorderDetector {
  #config: VideoConfig | undefined
  #distance: Micros | undefined
  #reordered = false

  get reordered(): boolean {
    return this.#reordered
  }

  /** True when this frame changed the answer. */
  handleFrame(frame: VideoFrame): boolean {
    const before = this.#reordered
    if (frame.config !== this.#config) {
      this.#config = frame.config
      this.#distance = undefined
      this.#reordered = (frame.config.reorderFrames ?? 0) > 0
    }
    if (!this.#reordered && frame.config.reorderFrames === undefined) {
      const distance = frame.pts - frame.dts
      this.#distance ??= distance
      this.#reordered = Math.abs(distance - this.#distance) > JITTER
    }
    return this.#reordered !== before
  }
}
