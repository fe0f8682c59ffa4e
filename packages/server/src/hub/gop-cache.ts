import type { MediaFrame, Micros } from '@crossroom/media'

export interface GopCacheLimits {
  readonly bytes: number
  readonly micros: Micros
  readonly frames: number
}

/**
 * The frames since the last keyframe, video and audio as they came, so that a new viewer sees a picture at once.
 * When a limit is passed the cache is off until the next keyframe: a publisher without keyframes costs no memory.
 */
export class GopCache {
  readonly #limits: GopCacheLimits
  #frames: MediaFrame[] = []
  #bytes = 0
  #on = false
  /** How often a limit switched the cache off. */
  overflows = 0

  constructor(limits: GopCacheLimits) {
    this.#limits = limits
  }

  /** Empty, or beginning with a video keyframe. Not to be kept: the next keyframe starts a new list. */
  get frames(): readonly MediaFrame[] {
    return this.#frames
  }

  get bytes(): number {
    return this.#bytes
  }

  /** `micros`: of this stream, where it is not the limit. */
  push(frame: MediaFrame, micros = this.#limits.micros): void {
    if (frame.config.kind === 'video' && frame.keyframe) {
      this.#frames = []
      this.#bytes = 0
      this.#on = true
    }
    if (!this.#on) return
    this.#frames.push(frame)
    for (const unit of frame.units) this.#bytes += unit.length
    const first = this.#frames[0]!
    if (
      this.#bytes > this.#limits.bytes ||
      this.#frames.length > this.#limits.frames ||
      frame.dts - first.dts > micros
    ) {
      this.overflows++
      this.clear()
    }
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
    this.#on = false
  }
}
