import { isEntryPoint, isVideoFrame, type MediaFrame, type Micros, type VideoConfig } from '@crossroom/media'
import type { Frame } from 'node-av/lib'
import type { VideoOrder } from '../../catalog.js'
import { H264Output, Vp8Output, type PictureOutput } from '../coded-picture.js'
import type { Converter, Emit } from '../converter.js'
import type { Library } from './library.js'
import { PictureFormat } from './picture-format.js'
import { NodeAvVideoDecoder } from './video-decoder.js'
import { NodeAvVideoEncoder } from './video-encoder.js'

/** Frames a decoder may hold back (ITU-T H.264 allows 16), and what it may lose. */
const MAX_IN_DECODER = 64

/** What a picture keeps from the frame it came in. */
interface Origin {
  readonly keyframe: boolean
  readonly captureTime: Micros | undefined
}

/** Decode, encode at once. Keyframes come where the source has them, and where one is asked for. */
export class NodeAvVideoConverter implements Converter {
  readonly #library: Library
  readonly #order: VideoOrder
  readonly #emit: Emit
  readonly #output: PictureOutput
  readonly #format: PictureFormat
  readonly #origins = new Map<Micros, Origin>()
  #decoder: NodeAvVideoDecoder | undefined
  #encoder: NodeAvVideoEncoder | undefined
  #config: VideoConfig | undefined
  #receivedAt: Micros = 0
  /** Pictures up to here were asked for as a warm-up only. */
  #warmUpTo: Micros = -Infinity
  /** The newest picture, and the time it was last shown at. */
  #shown: Frame | undefined
  #shownAt: Micros = -Infinity
  #keyframeWanted = false
  #lastKeyframe: Micros = -Infinity
  /** Of the picture in the encoder. */
  #captureTime: Micros | undefined
  /** After an error nothing is decoded before the next keyframe: what refers to a broken picture is broken. */
  #awaitsKeyframe = false

  constructor(library: Library, order: VideoOrder, emit: Emit) {
    this.#library = library
    this.#order = order
    this.#emit = emit
    this.#output = order.to === 'h264' ? new H264Output() : new Vp8Output()
    this.#format = new PictureFormat(library, order.to === 'h264')
  }

  handleFrame(frame: MediaFrame, warmUp: boolean): void {
    if (!isVideoFrame(frame)) return
    this.#awaitsKeyframe ||= frame.config !== this.#config
    if (this.#awaitsKeyframe && !isEntryPoint(frame)) return
    this.#awaitsKeyframe = false
    if (frame.config !== this.#config) this.#configure(frame.config)
    this.#receivedAt = frame.receivedAt
    if (warmUp) this.#warmUpTo = Math.max(this.#warmUpTo, frame.pts)
    if (this.#origins.size >= MAX_IN_DECODER) this.#origins.clear()
    this.#origins.set(frame.pts, { keyframe: frame.keyframe, captureTime: frame.captureTime })
    if (this.#decoder?.decode(frame) === false) this.#awaitsKeyframe = true
  }

  /** The picture that is shown rests: it is encoded once more, which costs next to nothing. */
  handleAdvance(pts: Micros): void {
    const picture = this.#shown
    if (picture === undefined || pts <= this.#shownAt) return
    picture.pts = BigInt(pts)
    this.#receivedAt += pts - this.#shownAt
    this.#encode(picture, pts, undefined)
  }

  handleKeyframeRequest(): void {
    this.#keyframeWanted = true
  }

  close(): void {
    this.#decoder?.close()
    this.#encoder?.close()
    this.#format.close()
    this.#shown?.free()
    this.#shown = undefined
    this.#decoder = undefined
    this.#encoder = undefined
  }

  #configure(config: VideoConfig): void {
    this.#config = config
    this.#decoder?.close()
    this.#decoder = undefined
    this.#origins.clear()
    this.#decoder = new NodeAvVideoDecoder(this.#library, config, (picture, pts) => this.#handlePicture(picture, pts))
  }

  #handlePicture(decoded: Frame, pts: Micros): void {
    const origin = this.#origins.get(pts)
    this.#origins.delete(pts)
    // A frame held back while the previous one was repeated.
    if (pts <= this.#shownAt) return
    const picture = this.#format.fit(decoded)
    this.#keep(picture)
    if (pts <= this.#warmUpTo) this.#shownAt = pts
    else this.#encode(picture, pts, origin)
  }

  #keep(picture: Frame): void {
    this.#shown?.free()
    this.#shown = picture.clone() ?? undefined
  }

  #encode(picture: Frame, pts: Micros, origin: Origin | undefined): void {
    this.#shownAt = pts
    const fits =
      this.#encoder?.width === picture.width &&
      this.#encoder.height === picture.height &&
      this.#encoder.format === picture.format
    if (!fits) this.#openEncoder(picture)
    const due = pts - this.#lastKeyframe >= (this.#order.keyframeEvery ?? Infinity)
    const keyframe = this.#keyframeWanted || due || origin?.keyframe === true
    this.#keyframeWanted = false
    this.#captureTime = origin?.captureTime
    this.#encoder!.encode(picture, keyframe)
  }

  #openEncoder(picture: Frame): void {
    this.#encoder?.close()
    this.#encoder = undefined
    this.#encoder = new NodeAvVideoEncoder(
      this.#library,
      this.#order,
      picture,
      this.#config?.frameRate,
      (pts, keyframe, bytes) => this.#handleCoded(pts, keyframe, bytes),
    )
  }

  #handleCoded(pts: Micros, keyframe: boolean, bytes: Uint8Array): void {
    const coded = this.#output.handle(bytes, {
      orientation: this.#config!.orientation,
      frameRate: this.#config!.frameRate,
      bitrate: this.#encoder!.bitrate,
    })
    if (coded === undefined) return
    if (keyframe) this.#lastKeyframe = pts
    this.#emit({
      ...coded,
      pts,
      dts: pts,
      keyframe,
      receivedAt: this.#receivedAt,
      ...(this.#captureTime === undefined ? {} : { captureTime: this.#captureTime }),
      droppable: false,
    })
  }
}
