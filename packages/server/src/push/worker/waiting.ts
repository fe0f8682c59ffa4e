import { isEntryPoint, type MediaFrame } from '@crossroom/media'

/** Frames that wait for a target. Beyond the limit they are left out, up to the next keyframe. */
export class Waiting {
  readonly #maxBytes: number
  readonly #frames: MediaFrame[] = []
  #bytes = 0
  #isBehind = false
  #hasVideo = false
  #wake: ((frame: MediaFrame | undefined) => void) | undefined
  #isClosed = false
  droppedFrames = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(frame: MediaFrame): void {
    if (this.#isClosed) return
    const isVideo = frame.config.kind === 'video'
    this.#hasVideo ||= isVideo
    const size = sizeOf(frame)
    const isFull = this.#bytes + size > this.#maxBytes
    const isStart = isVideo ? isEntryPoint(frame) : !this.#hasVideo
    if (isFull) this.#isBehind = true
    if (this.#isBehind && (isFull || !isStart)) return void this.droppedFrames++
    this.#isBehind = false
    const wake = this.#wake
    this.#wake = undefined
    if (wake !== undefined) return wake(frame)
    this.#frames.push(frame)
    this.#bytes += size
  }

  /** The next frame, when it is there; undefined after the end. One caller at a time. */
  next(): Promise<MediaFrame | undefined> {
    const frame = this.#frames.shift()
    if (frame !== undefined) {
      this.#bytes -= sizeOf(frame)
      return Promise.resolve(frame)
    }
    if (this.#isClosed) return Promise.resolve(undefined)
    return new Promise((resolve) => (this.#wake = resolve))
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#wake?.(undefined)
    this.#wake = undefined
  }
}

function sizeOf({ units }: MediaFrame): number {
  return units.reduce((sum, { length }) => sum + length, 0)
}
