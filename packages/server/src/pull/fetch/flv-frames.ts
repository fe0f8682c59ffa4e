import { AccessUnitJoiner, FlvTagReader, FlvTagType, type MediaFrame, type Micros } from '@crossroom/media'
import { mediaLimits } from '../../config/index.js'
import type { FetchHandlers } from '../fetcher.js'

/** Turns tags of FLV, or media messages of RTMP, into frames for a pull. */
export class FlvFrames {
  readonly #handlers: FetchHandlers
  readonly #reader = new FlvTagReader()
  readonly #joiner: AccessUnitJoiner
  readonly #frames: MediaFrame[] = []

  constructor(handlers: FetchHandlers) {
    this.#handlers = handlers
    this.#joiner = new AccessUnitJoiner((frame) => handlers.frame(frame))
  }

  /** False once the source sends nothing but nonsense. */
  read(type: number, timestampMs: number, body: Uint8Array, receivedAt: Micros): boolean {
    const frames = this.#frames
    const isGood = this.#reader.readTag(type, timestampMs, body, receivedAt, frames)
    for (const frame of frames) this.#joiner.push(frame)
    frames.length = 0
    if (isGood || type === FlvTagType.script) return true
    const { code, message: reason } = this.#reader.lastError!
    this.#handlers.refused({ kind: type === FlvTagType.video ? 'video' : 'audio', code, reason })
    return this.#reader.garbageOf(type) < mediaLimits.badFrames
  }
}
