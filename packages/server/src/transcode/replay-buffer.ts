import type { MediaFrame, Micros } from '@crossroom/media'
import { gopCacheLimits } from '../config/limits.js'

/** Sound older than this is not made up for after a crash: it would come too late to be played. */
const LATE_SOUND: Micros = 200_000

/**
 * The input that a codec process must be given before it can go on: pictures since the last keyframe; sound since the
 * stream's cached start as long as no process was there, later only the last moment.
 */
export class ReplayBuffer {
  readonly #kind: 'audio' | 'video'
  #frames: MediaFrame[] = []
  #bytes = 0
  #first = 0
  /** Set when the first process has taken the frames. */
  started = false

  constructor(kind: 'audio' | 'video') {
    this.#kind = kind
  }

  push(frame: MediaFrame): void {
    if (this.#kind === 'video' && frame.keyframe) this.clear()
    else if (this.#kind === 'video' && this.#frames.length === 0) return
    this.#frames.push(frame)
    this.#bytes += byteLength(frame)
    if (this.#kind === 'audio') this.#trimSound(frame)
    else if (this.#isFull()) this.clear()
  }

  /** What is kept, the oldest first. */
  frames(): readonly MediaFrame[] {
    return this.#frames.slice(this.#first)
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
    this.#first = 0
  }

  #trimSound(newest: MediaFrame): void {
    while (this.#first < this.#frames.length) {
      const oldest = this.#frames[this.#first]!
      const late = this.started && newest.receivedAt - oldest.receivedAt > LATE_SOUND
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
