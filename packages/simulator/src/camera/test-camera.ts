import type { MediaFrame, Micros, VideoFrame } from '@crossroom/media'

import type { Library } from '../codec/library.js'
import { PictureEncoder } from '../codec/picture-encoder.js'
import { ToneEncoder } from '../codec/tone-encoder.js'
import type { Picture } from '../picture/painter.js'
import { Scene } from '../picture/scene.js'
import type { Quirks } from '../quirks.js'
import type { Camera, CameraSettings } from './camera.js'

const MICROS_PER_MS = 1000
const MICROS_PER_SECOND = 1_000_000
/** How often is looked whether a picture is due; sound is made as often. Milliseconds. */
const TICK_MS = 5

export interface TestCameraOptions {
  readonly library: Library
  readonly quirks: Quirks
  /** Written into the picture. */
  readonly name: string
  /** Hz of the tone. */
  readonly pitch: number
}

/** A drawn person beside a clock that people and programs read, and a tone. */
export class TestCamera implements Camera {
  readonly #options: TestCameraOptions
  #settings: CameraSettings
  #handle: (frame: MediaFrame) => void = () => undefined
  #pictures: PictureEncoder | undefined
  #tone: ToneEncoder | undefined
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  readonly #scene: Scene
  #nextPictureAt: Micros = 0
  #keyframeAt: Micros = 0
  #isSmall = false
  #resizeAt: Micros = Infinity

  constructor(settings: CameraSettings, options: TestCameraOptions) {
    this.#settings = settings
    this.#options = options
    this.#scene = new Scene(options.name)
  }

  start(handle: (frame: MediaFrame) => void): void {
    const { library, pitch, quirks } = this.#options
    this.#handle = handle
    this.#startedAt = performance.now()
    this.#tone = new ToneEncoder(library, {
      sampleRate: this.#settings.sampleRate,
      pitch,
      handle: (frame) => this.#hear(frame),
    })
    if (quirks.resizeSeconds > 0) this.#resizeAt = quirks.resizeSeconds * MICROS_PER_SECOND
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  configure(settings: CameraSettings): void {
    const { width, height, frameRate, bitrate } = this.#settings
    const isSame =
      width === settings.width &&
      height === settings.height &&
      frameRate === settings.frameRate &&
      bitrate === settings.bitrate
    this.#settings = settings
    if (!isSame) this.#forgetEncoder()
  }

  askKeyframe(): void {
    this.#keyframeAt = 0
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#forgetEncoder()
    this.#tone?.close()
    this.#tone = undefined
  }

  #tick(): void {
    const now = Math.round((performance.now() - this.#startedAt) * MICROS_PER_MS)
    this.#tone?.encodeUntil(now, this.#settings.isMicrophoneOn)
    if (now < this.#nextPictureAt) return
    const interval = MICROS_PER_SECOND / this.#settings.frameRate
    // After a stall the pictures in between are gone, as on a phone.
    this.#nextPictureAt = Math.max(this.#nextPictureAt + interval, now)
    if (this.#settings.isCameraOn || this.#options.quirks.darkCamera === 'black') this.#take(now)
  }

  #take(now: Micros): void {
    if (now >= this.#resizeAt) this.#resize(now)
    const keyframe = now >= this.#keyframeAt || this.#pictures === undefined
    if (keyframe) this.#keyframeAt = now + this.#options.quirks.gopSeconds * MICROS_PER_SECOND
    this.#pictures ??= this.#newEncoder()
    this.#pictures.encode(now, keyframe, (picture) => {
      if (this.#settings.isCameraOn) this.#scene.paint(picture, Date.now())
      else darken(picture)
    })
  }

  /** LiteAV picks the size by the bitrate it can have. */
  #resize(now: Micros): void {
    this.#resizeAt = now + this.#options.quirks.resizeSeconds * MICROS_PER_SECOND
    this.#isSmall = !this.#isSmall
    this.#forgetEncoder()
  }

  #newEncoder(): PictureEncoder {
    const { width, height, frameRate, bitrate } = this.#settings
    const scale = this.#isSmall ? 0.75 : 1
    return new PictureEncoder(this.#options.library, {
      width: evenOf(width * scale),
      height: evenOf(height * scale),
      frameRate,
      bitrate: bitrate * scale * scale,
      handle: (frame: VideoFrame) => this.#handle(frame),
    })
  }

  #hear(frame: MediaFrame): void {
    if (this.#settings.isMicrophoneOn || this.#options.quirks.silentMicrophone === 'silence') this.#handle(frame)
  }

  #forgetEncoder(): void {
    this.#pictures?.close()
    this.#pictures = undefined
  }
}

function darken({ bytes, u, v }: Picture): void {
  bytes.fill(16)
  u.fill(128)
  v.fill(128)
}

/** 4:2:0 wants even sizes. */
function evenOf(pixels: number): number {
  return Math.max(16, Math.round(pixels / 2) * 2)
}
