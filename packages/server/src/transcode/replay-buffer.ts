import type { MediaFrame, Micros } from '@crossroom/media'
import { gopCacheLimits } from '../config/index.js'
import { GopCache } from '../hub/index.js'

/** Sound older than this is not made up for after a crash: it would come too late to be played. */
const LATE_SOUND: Micros = 200_000

/** The input that a codec process must be given before it can go on. */
export interface ReplayBuffer {
  push(frame: MediaFrame): void
  /** The kept frames, the oldest first. */
  frames(): readonly MediaFrame[]
  /** The first process has taken the frames. */
  start(): void
}

/** Pictures, from where a decoder can begin. */
export class PictureReplay implements ReplayBuffer {
  readonly #gop = new GopCache(gopCacheLimits)

  push(frame: MediaFrame): void {
    this.#gop.push(frame)
  }

  frames(): readonly MediaFrame[] {
    return this.#gop.recent
  }

  start(): void {
    // Where a decoder can begin is the same for every process.
  }
}

/** Sound since the stream's cached start as long as no process was there, later only the last moment. */
export class SoundReplay implements ReplayBuffer {
  #frames: MediaFrame[] = []
  #bytes = 0
  #first = 0
  #isStarted = false

  push(frame: MediaFrame): void {
    this.#frames.push(frame)
    this.#bytes += byteLength(frame)
    this.#trim(frame)
  }

  frames(): readonly MediaFrame[] {
    return this.#frames.slice(this.#first)
  }

  start(): void {
    this.#isStarted = true
  }

  #trim(newest: MediaFrame): void {
    while (this.#first < this.#frames.length) {
      const oldest = this.#frames[this.#first]!
      const late = this.#isStarted && newest.receivedAt - oldest.receivedAt > LATE_SOUND
      if (!late && !this.#isFull()) break
      this.#bytes -= byteLength(oldest)
      this.#first++
    }
    // Shifting a frame at a time would move the rest each time.
    if (this.#first < 64) return
    this.#frames = this.#frames.slice(this.#first)
    this.#first = 0
  }

  #isFull(): boolean {
    const { bytes, frames } = gopCacheLimits
    return this.#bytes > bytes || this.#frames.length - this.#first > frames
  }
}

function byteLength(frame: MediaFrame): number {
  let length = 0
  for (const unit of frame.units) length += unit.length
  return length
}
