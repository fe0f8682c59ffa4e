import {
  byteLengthOfAnnexB,
  isEntryPoint,
  writeAnnexB,
  type Micros,
  type VideoCodec,
  type VideoConfig,
  type VideoFrame,
} from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'
import type { Library } from './library.js'

/** Takes one picture, which is valid until it returns; `pts` is that of the frame it came from. */
export type HandlePicture = (picture: Frame, pts: Micros) => void

/** Decodes pictures, in the order they are shown. */
export class NodeAvVideoDecoder {
  readonly #handle: HandlePicture
  readonly #context: CodecContext
  readonly #packet: Packet
  readonly #frame: Frame
  readonly #config: VideoConfig

  constructor(library: Library, config: VideoConfig, handle: HandlePicture) {
    this.#handle = handle
    this.#config = config
    this.#context = openDecoder(library, config)
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#frame = new library.Frame()
    this.#frame.alloc()
  }

  /** False when the frame is broken; the decoder can go on from the next keyframe. */
  decode(frame: VideoFrame): boolean {
    const packet = this.#packet
    packet.data = this.#bytesOf(frame)
    packet.pts = BigInt(frame.pts)
    packet.dts = BigInt(frame.dts)
    packet.isKeyframe = frame.keyframe
    const accepted = this.#send(packet)
    packet.unref()
    this.#receiveAll()
    return accepted
  }

  /** Gives the pictures that it holds back. Nothing can be decoded afterwards. */
  flush(): void {
    this.#send(null)
    this.#receiveAll()
  }

  close(): void {
    this.#frame.free()
    this.#packet.free()
    this.#context.freeContext()
  }

  #receiveAll(): void {
    while (this.#receive()) {
      this.#handle(this.#frame, Number(this.#frame.pts))
      this.#frame.unref()
    }
  }

  #send(packet: Packet | null): boolean {
    try {
      return this.#context.sendPacketSync(packet) >= 0
    } catch {
      return false
    }
  }

  #receive(): boolean {
    try {
      return this.#context.receiveFrameSync(this.#frame) >= 0
    } catch {
      return false
    }
  }

  #bytesOf(frame: VideoFrame): Buffer {
    const { codec, parameterSets } = this.#config
    if (codec !== 'h264' && codec !== 'h265') return bufferOf(frame.units[0]!)
    const units = isEntryPoint(frame) ? [...parameterSets, ...frame.units] : frame.units
    const bytes = Buffer.alloc(byteLengthOfAnnexB(units))
    writeAnnexB(units, bytes, 0)
    return bytes
  }
}

function openDecoder(library: Library, config: VideoConfig): CodecContext {
  const { Codec, CodecContext, Rational, constants } = library
  const codec =
    config.codec === 'av1'
      ? Codec.findDecoderByName(constants.FF_DECODER_LIBDAV1D)
      : Codec.findDecoder(codecId(library, config.codec))
  if (codec === null) throw new Error(`The codec library has no decoder for ${config.codec}`)
  const context = new CodecContext()
  context.allocContext3(codec)
  context.threadCount = 1
  context.pktTimebase = new Rational(1, 1_000_000)
  // Without B-frames a picture can be had at once; without this the decoder waits to be sure.
  if (config.reorderFrames === 0) context.setFlags(constants.AV_CODEC_FLAG_LOW_DELAY)
  if (context.open2Sync(codec, null) < 0) throw new Error(`The ${config.codec} decoder does not open`)
  return context
}

function codecId({ constants }: Library, codec: Exclude<VideoCodec, 'av1'>) {
  switch (codec) {
    case 'h264':
      return constants.AV_CODEC_ID_H264
    case 'h265':
      return constants.AV_CODEC_ID_HEVC
    case 'vp8':
      return constants.AV_CODEC_ID_VP8
    case 'vp9':
      return constants.AV_CODEC_ID_VP9
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
