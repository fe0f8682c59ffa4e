import { configToJson, controlMessage, frameMessage } from '@crossroom/media'
import type { CodecConfig, MediaFrame } from '@crossroom/media'
import { viewerLimits } from '../../config/index.js'
import { FrameQueue } from '../../hub/index.js'
import type { LaneSource } from './lane.js'
import { RELAY_TYPE, type TrackKind } from './messages.js'

/** The part of a `Lane` that a track uses. */
export interface TrackLane {
  readonly isFree: boolean
  write(message: Uint8Array): void
  ask(source: LaneSource): void
  forget(source: LaneSource): void
}

/**
 * One track of a served stream on its connection. While the connection takes everything, frames are written as they come; else
 * they wait within the limits of a viewer's queue: pictures are dropped up to the next keyframe, sound stays while it is small.
 * Cached frames wait in order, and are not counted.
 */
export class ServedTrack implements LaneSource {
  readonly kind: TrackKind
  readonly #lane: TrackLane
  readonly #channel: () => number
  readonly #queue = new FrameQueue(viewerLimits)
  #cached: MediaFrame[] = []
  #isCaching = true
  #config: CodecConfig | undefined
  framesOut = 0

  /** `channel`: where its messages go at present. */
  constructor(kind: TrackKind, lane: TrackLane, channel: () => number) {
    this.kind = kind
    this.#lane = lane
    this.#channel = channel
    this.#queue.startsAt = 'recovery-point'
  }

  get droppedFrames(): number {
    return this.#queue.droppedFrames
  }

  get queuedBytes(): number {
    return this.#queue.bytes
  }

  /** It dropped pictures, and goes on with the next keyframe. */
  get waitsForKeyframe(): boolean {
    return this.#queue.waitsForKeyframe
  }

  /** Another life of the stream begins: cached frames come until `live`, and the peer knows no config. */
  restart(): void {
    this.#config = undefined
    this.#cached = []
    this.#isCaching = true
    while (this.#queue.shift() !== undefined);
  }

  /** All cached frames have been pushed. */
  live(): void {
    this.#isCaching = false
    if (this.#cached.length === 0) this.#writeLive()
    else this.#writeOn()
  }

  push(frame: MediaFrame): void {
    if (this.#isCaching) {
      this.#cached.push(frame)
      return
    }
    if (this.#lane.isFree && this.#cached.length === 0 && this.#queue.length === 0 && !this.#queue.isPicky) {
      this.#write(frame, frameMessage(this.#channel(), frame))
      return
    }
    const bytes = frameMessage(this.#channel(), frame)
    if (bytes === undefined) return
    this.#queue.push({ frame, bytes })
    this.#writeOn()
  }

  /** A control message of this track, in the order of its frames. */
  tell(type: number): void {
    this.#lane.write(controlMessage(type, this.#channel()))
  }

  writeNext(): boolean {
    const [cached] = this.#cached
    if (cached !== undefined) {
      this.#cached.shift()
      this.#write(cached, frameMessage(this.#channel(), cached))
      if (this.#cached.length === 0) this.#writeLive()
      return true
    }
    const item = this.#queue.shift()
    if (item === undefined) return false
    this.#write(item.frame, item.bytes)
    return true
  }

  /** As much as the connection takes, and the rest in its turn. */
  #writeOn(): void {
    while (this.#lane.isFree) if (!this.writeNext()) return
    this.#lane.ask(this)
  }

  /** Idempotent. */
  close(): void {
    this.#lane.forget(this)
  }

  #write(frame: MediaFrame, message: Uint8Array | undefined): void {
    if (message === undefined) return
    if (frame.config !== this.#config) {
      this.#config = frame.config
      this.#lane.write(controlMessage(RELAY_TYPE.config, this.#channel(), configToJson(frame.config)))
    }
    this.framesOut++
    this.#lane.write(message)
  }

  #writeLive(): void {
    this.#lane.write(controlMessage(RELAY_TYPE.live, this.#channel()))
  }
}
