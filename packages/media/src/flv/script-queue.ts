import type { MediaFrame, ScriptData } from '../model/frame.js'

/** Messages, and bytes of them, that wait for a frame; past either the oldest goes. */
const MAX_MESSAGES = 32
const MAX_BYTES = 64 * 1024
/** If pictures stopped, a message is sent with the audio after this time. */
const PATIENCE_MS = 1000

interface Waiting {
  readonly timestampMs: number
  readonly body: Uint8Array
}

/**
 * Script data waiting for the frame with which it travels: the next video frame, or the next audio frame without video.
 * So it is cached, ordered and dropped with that frame.
 */
export class ScriptQueue {
  #waiting: Waiting[] = []
  #bytes = 0
  #pictureSeen = false
  /** Messages that were dropped because too many came between two frames. */
  dropped = 0

  push(timestampMs: number, body: Uint8Array): void {
    this.#waiting.push({ timestampMs, body })
    this.#bytes += body.length
    while (this.#waiting.length > MAX_MESSAGES || this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#waiting.shift()!.body.length
      this.dropped += 1
    }
  }

  /** The frame, with what waits if it is the one to carry it. */
  attach(frame: MediaFrame): MediaFrame {
    const isPicture = frame.config.kind === 'video'
    if (isPicture) this.#pictureSeen = true
    const first = this.#waiting[0]
    if (first === undefined) return frame
    const frameMs = frame.dts / 1000
    if (!isPicture && this.#pictureSeen && frameMs - first.timestampMs < PATIENCE_MS) return frame
    const script: ScriptData[] = this.#waiting.map(({ timestampMs, body }) => ({
      body,
      // Script data often has the time 0 or a meaningless one.
      offset: timestampMs === 0 ? 0 : Math.max(-PATIENCE_MS, Math.min(0, timestampMs - frameMs)) * 1000,
    }))
    this.#waiting = []
    this.#bytes = 0
    return { ...frame, script }
  }
}
