import {
  isEntryPoint,
  isVideoFrame,
  type MediaFrame,
  type Micros,
  type Orientation,
  type VideoConfig,
} from '@crossroom/media'
import type { Frame } from 'node-av/lib'
import type { Library } from '../library.js'
import { NodeAvVideoDecoder } from '../video-decoder.js'

/** The newest picture of one source. */
export class PictureInput {
  readonly #library: Library
  #decoder: NodeAvVideoDecoder | undefined
  #config: VideoConfig | undefined
  #picture: Frame | undefined
  #orientation: Orientation = 0
  /** After an error nothing is decoded before the next keyframe. */
  #awaitsKeyframe = true
  #pictures = 0
  #seenPictures = 0
  #changedAt: Micros = -Infinity
  /** Of the source's last frame, on the server's clock. */
  receivedAt: Micros = 0

  constructor(library: Library) {
    this.#library = library
  }

  /** Undefined before the first. It is valid until the next frame is handled. */
  get picture(): Frame | undefined {
    return this.#picture
  }

  get orientation(): Orientation {
    return this.#orientation
  }

  /** Another picture has another number. */
  get number(): number {
    return this.#pictures
  }

  handleFrame(frame: MediaFrame): void {
    if (!isVideoFrame(frame)) return
    this.#awaitsKeyframe ||= frame.config !== this.#config
    if (this.#awaitsKeyframe && !isEntryPoint(frame)) return
    this.#awaitsKeyframe = false
    if (frame.config !== this.#config) this.#configure(frame.config)
    this.receivedAt = frame.receivedAt
    if (this.#decoder?.decode(frame) === false) this.#awaitsKeyframe = true
  }

  /** For how long there was no new picture, as of `now`; called once for each picture that is painted. */
  ageAt(now: Micros): Micros {
    if (this.#seenPictures !== this.#pictures) {
      this.#seenPictures = this.#pictures
      this.#changedAt = now
    }
    return now - this.#changedAt
  }

  close(): void {
    this.#decoder?.close()
    this.#decoder = undefined
    this.#picture?.free()
    this.#picture = undefined
  }

  #configure(config: VideoConfig): void {
    this.#config = config
    this.#decoder?.close()
    this.#decoder = undefined
    this.#decoder = new NodeAvVideoDecoder(this.#library, config, (picture) => this.#handlePicture(picture, config))
  }

  #handlePicture(picture: Frame, { orientation }: VideoConfig): void {
    const kept = picture.clone()
    if (kept === null) return
    this.#picture?.free()
    this.#picture = kept
    this.#orientation = orientation
    this.#pictures += 1
  }
}
