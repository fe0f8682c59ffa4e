import type { AudioConfig, Micros, VideoConfig } from '@crossroom/media'
import type { Clock } from './clock.js'
import type { Tracks } from './sink.js'

/**
 * The tracks of the current publisher. They are known when both were seen, or when the second one has been awaited long
 * enough since the first frame.
 */
export class PublishedTracks {
  readonly #clock: Clock
  readonly #waitMicros: Micros
  readonly #onKnown: (isFirst: boolean) => void
  #tracks: Tracks = {}
  #hasFrames = false
  #isWaitOver = false
  #wasTold = false
  #cancelWait: (() => void) | undefined

  /** `onKnown`: once they are known, and again after each change. */
  constructor(clock: Clock, waitMicros: Micros, onKnown: (isFirst: boolean) => void) {
    this.#clock = clock
    this.#waitMicros = waitMicros
    this.#onKnown = onKnown
  }

  get present(): Tracks {
    return this.#tracks
  }

  /** The publisher has sent a frame. */
  get hasFrames(): boolean {
    return this.#hasFrames
  }

  get areKnown(): boolean {
    if (!this.#hasFrames) return false
    return this.#isWaitOver || (this.#tracks.video !== undefined && this.#tracks.audio !== undefined)
  }

  /** `onKnown` was called for this publisher, who may have left since. */
  get wasTold(): boolean {
    return this.#wasTold
  }

  /** Another publisher. */
  restart(): void {
    this.stop()
    this.#tracks = {}
    this.#isWaitOver = false
    this.#wasTold = false
  }

  /** The publisher left. */
  stop(): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#hasFrames = false
  }

  /** Of each frame. */
  hear(config: VideoConfig | AudioConfig): void {
    const { video, audio } = this.#tracks
    if (config !== (config.kind === 'video' ? video : audio)) this.#learn(config)
    if (!this.#hasFrames) this.#begin()
  }

  #learn(config: VideoConfig | AudioConfig): void {
    this.#tracks = { ...this.#tracks, [config.kind]: config }
    if (this.#tracks.video !== undefined && this.#tracks.audio !== undefined) this.#handleKnown()
  }

  #begin(): void {
    this.#hasFrames = true
    this.#cancelWait = this.#clock.after(this.#waitMicros, () => {
      this.#isWaitOver = true
      this.#handleKnown()
    })
  }

  #handleKnown(): void {
    const isFirst = !this.#wasTold
    this.#wasTold = true
    this.#onKnown(isFirst)
  }
}
