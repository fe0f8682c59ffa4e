import { byteLengthOfAnnexB, writeAnnexB, type VideoConfig, type VideoFrame } from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'

import type { Luma } from '../picture/clock-picture.js'
import type { Library } from './library.js'

/** Decodes H.264 and H.265 as live-player does; a broken frame is skipped. */
export class PictureDecoder {
  readonly #library: Library
  readonly #handle: (luma: Luma) => void
  readonly #packet: Packet
  readonly #frame: Frame
  #config: VideoConfig | undefined
  #context: CodecContext | undefined
  /** What refers to a picture that is not there cannot be shown. */
  #awaitsKeyframe = true
  #refused = 0

  /** `handle` takes the brightness of each picture, valid until it returns. */
  constructor(library: Library, handle: (luma: Luma) => void) {
    this.#library = library
    this.#handle = handle
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#frame = new library.Frame()
    this.#frame.alloc()
  }

  /** Frames that the decoder did not take. */
  get refused(): number {
    return this.#refused
  }

  decode(frame: VideoFrame): void {
    if (frame.config !== this.#config) this.#open(frame.config)
    if (this.#awaitsKeyframe && !frame.keyframe) return
    this.#awaitsKeyframe = false
    const packet = this.#packet
    packet.data = bytesOf(frame)
    packet.pts = BigInt(frame.pts)
    packet.dts = BigInt(frame.dts)
    try {
      if (this.#context!.sendPacketSync(packet) < 0) throw new Error('refused')
      this.#takePictures()
    } catch {
      this.#refused++
      this.#awaitsKeyframe = true
    } finally {
      packet.unref()
    }
  }

  close(): void {
    this.#context?.freeContext()
    this.#context = undefined
    this.#frame.free()
    this.#packet.free()
  }

  #takePictures(): void {
    const frame = this.#frame
    while (this.#context!.receiveFrameSync(frame) >= 0) {
      const { data, linesize, width, height } = frame
      if (data !== null) this.#handle({ bytes: data[0]!, stride: linesize[0]!, width, height })
      frame.unref()
    }
  }

  #open(config: VideoConfig): void {
    const { Codec, CodecContext, Rational, constants } = this.#library
    this.#context?.freeContext()
    this.#config = config
    this.#awaitsKeyframe = true
    const id = config.codec === 'h265' ? constants.AV_CODEC_ID_HEVC : constants.AV_CODEC_ID_H264
    const codec = Codec.findDecoder(id)
    if (codec === null) throw new Error(`The codec library has no decoder for ${config.codec}`)
    const context = new CodecContext()
    context.allocContext3(codec)
    context.threadCount = 1
    context.pktTimebase = new Rational(1, 1_000_000)
    if (config.reorderFrames === 0) context.setFlags(constants.AV_CODEC_FLAG_LOW_DELAY)
    if (context.open2Sync(codec, null) < 0) throw new Error(`The ${config.codec} decoder does not open`)
    this.#context = context
  }
}

function bytesOf({ config, keyframe, units }: VideoFrame): Buffer {
  const all = keyframe ? [...config.parameterSets, ...units] : units
  const bytes = Buffer.alloc(byteLengthOfAnnexB(all))
  writeAnnexB(all, bytes, 0)
  return bytes
}
