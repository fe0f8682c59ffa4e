import type { Micros } from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'
import type { VideoOrder } from '../../catalog.js'
import { isPause, type Library } from './library.js'

/** Takes one coded picture; `bytes` are the receiver's to keep. */
export type HandleCodedPicture = (pts: Micros, keyframe: boolean, bytes: Uint8Array) => void

/** Frames per second if unknown. */
const FRAME_RATE = 30
/** Bits per pixel: the target if the source has no bitrate, and the limits for its bitrate. */
const BITS_PER_PIXEL = 0.09
const MIN_BITS_PER_PIXEL = 0.03
const MAX_BITS_PER_PIXEL = 0.3
/** Above it x264 takes its fastest preset: superfast codes 720p at about four times real time on one core. */
const SUPERFAST_PIXELS = 1280 * 720
/** libvpx effort in real-time mode, 0 (most) to 16. */
const VP8_SPEED = 10

/**
 * Encodes pictures of one size without delay. Keyframes come where they are asked for and nowhere else: they are where
 * the source has its own.
 */
export class NodeAvVideoEncoder {
  readonly width: number
  readonly height: number
  readonly format: number
  /** Bits per second it stays under on average. */
  readonly bitrate: number
  readonly #library: Library
  readonly #handle: HandleCodedPicture
  readonly #context: CodecContext
  readonly #packet: Packet

  constructor(
    library: Library,
    order: VideoOrder,
    picture: Frame,
    frameRate: number | undefined,
    handle: HandleCodedPicture,
  ) {
    this.#library = library
    this.#handle = handle
    this.width = picture.width
    this.height = picture.height
    this.format = picture.format
    const rate = Math.min(120, Math.max(1, Math.round(frameRate ?? FRAME_RATE)))
    this.bitrate = bitrateFor(order, this.width * this.height * rate)
    this.#context = open(library, order, picture, rate, this.bitrate)
    this.#packet = new library.Packet()
    this.#packet.alloc()
  }

  encode(picture: Frame, keyframe: boolean): void {
    const { constants } = this.#library
    picture.pictType = keyframe ? constants.AV_PICTURE_TYPE_I : constants.AV_PICTURE_TYPE_NONE
    this.#context.sendFrameSync(picture)
    this.#takePackets()
  }

  close(): void {
    this.#packet.free()
    this.#context.freeContext()
  }

  #takePackets(): void {
    const packet = this.#packet
    for (;;) {
      const code = this.#context.receivePacketSync(packet)
      if (code < 0) {
        if (isPause(this.#library, code)) return
        throw new Error('The video encoder failed')
      }
      const bytes = packet.data
      if (bytes !== null) this.#handle(Number(packet.pts), packet.isKeyframe, new Uint8Array(bytes))
      packet.unref()
    }
  }
}

function bitrateFor(order: VideoOrder, pixelsPerSecond: number): number {
  const wanted = order.bitrate ?? pixelsPerSecond * BITS_PER_PIXEL
  return Math.round(
    Math.min(pixelsPerSecond * MAX_BITS_PER_PIXEL, Math.max(pixelsPerSecond * MIN_BITS_PER_PIXEL, wanted)),
  )
}

function open(library: Library, order: VideoOrder, picture: Frame, rate: number, bitrate: number): CodecContext {
  const { Codec, CodecContext, Rational, constants } = library
  const codec = Codec.findEncoderByName(
    order.to === 'h264' ? constants.FF_ENCODER_LIBX264 : constants.FF_ENCODER_LIBVPX_VP8,
  )
  if (codec === null) throw new Error(`The codec library has no encoder for ${order.to}`)
  const context = new CodecContext()
  context.allocContext3(codec)
  context.width = picture.width
  context.height = picture.height
  context.pixelFormat = picture.format as typeof context.pixelFormat
  context.sampleAspectRatio = picture.sampleAspectRatio
  context.colorRange = picture.colorRange
  context.colorSpace = picture.colorSpace
  context.colorPrimaries = picture.colorPrimaries
  context.colorTrc = picture.colorTrc
  context.timeBase = new Rational(1, 1_000_000)
  context.framerate = new Rational(rate, 1)
  context.threadCount = 1
  context.gopSize = 1 << 20
  if (order.to === 'h264') configureX264(context, bitrate, picture.width * picture.height, order.unitBytes)
  else configureVp8(context, bitrate)
  if (context.open2Sync(codec, null) < 0) throw new Error(`The ${order.to} encoder rejects this frame size`)
  return context
}

function configureX264(context: CodecContext, bitrate: number, pixels: number, unitBytes: number | undefined): void {
  context.rcMaxRate = BigInt(Math.round(bitrate * 1.25))
  context.rcBufferSize = bitrate
  context.setOption('crf', '23')
  context.setOption('preset', pixels > SUPERFAST_PIXELS ? 'ultrafast' : 'superfast')
  context.setOption('tune', 'zerolatency')
  // What every browser must decode (RFC 7742 section 6.2).
  context.setOption('profile', 'baseline')
  context.setOption('forced-idr', '1')
  // zerolatency would cut every picture into slices, one per core.
  const slices = unitBytes === undefined ? 'slices=1' : `slice-max-size=${String(unitBytes)}`
  context.setOption('x264-params', `sliced-threads=0:${slices}:scenecut=0`)
}

function configureVp8(context: CodecContext, bitrate: number): void {
  context.bitRate = BigInt(bitrate)
  context.rcMaxRate = BigInt(bitrate)
  context.rcMinRate = BigInt(bitrate)
  context.rcBufferSize = bitrate
  context.qMin = 4
  context.qMax = 56
  context.setOption('deadline', 'realtime')
  context.setOption('cpu-used', String(VP8_SPEED))
  context.setOption('lag-in-frames', '0')
  context.setOption('auto-alt-ref', '0')
}
