import type { AudioConfig, Micros, VideoConfig } from '@crossroom/media'
import type { Clock } from './clock.js'
import type { Tracks } from './sink.js'

type Kind = 'audio' | 'video'

/**
 * The tracks of the current publisher. They are known when both were seen, or when the second one has been awaited long
 * enough since the first frame. Those of a copy are announced, and known when all of them were seen.
 */
export class PublishedTracks {
  readonly #clock: Clock
  readonly #waitMicros: Micros
  readonly #onKnown: (isFirst: boolean) => void
  #tracks: Tracks = {}
  #hasFrames = false
  #isCopy = false
  #announced: readonly Kind[] | undefined
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
    return this.#isWaitOver || this.#areComplete
  }

  /** `onKnown` was called for this publisher, who may have left since. */
  get wasTold(): boolean {
    return this.#wasTold
  }

  /** Another publisher. */
  restart(isCopy = false): void {
    this.stop()
    this.#isCopy = isCopy
    this.#announced = undefined
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
    const isNew = config !== this.#tracks[config.kind]
    if (isNew) this.#tracks = { ...this.#tracks, [config.kind]: config }
    if (!this.#hasFrames) this.#begin()
    if (isNew && this.#areComplete) this.#handleKnown()
  }

  /** Of a copy: its publisher has these tracks. */
  announce(kinds: readonly Kind[]): void {
    this.#announced = kinds
    if (this.#hasFrames && this.#areComplete) this.#handleKnown()
  }

  get #areComplete(): boolean {
    if (this.#isCopy) return this.#announced?.every((kind) => this.#tracks[kind] !== undefined) === true
    return this.#tracks.video !== undefined && this.#tracks.audio !== undefined
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
