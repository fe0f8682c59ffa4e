import { H264NalType, h264NalType, h264ParameterSets, ParameterSetTracker, splitAnnexB } from '@crossroom/media'
import type { Micros, VideoConfig, VideoFrame } from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'

import type { Picture } from '../picture/painter.js'
import { isPause, type Library } from './library.js'

export interface PictureEncoderOptions {
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Bits per second. */
  readonly bitrate: number
  readonly handle: (frame: VideoFrame) => void
}

/** Encodes H.264 as a phone's chip does: no B-frames, no delay, keyframes only where they are asked for. */
export class PictureEncoder {
  readonly #options: PictureEncoderOptions
  readonly #library: Library
  readonly #context: CodecContext
  readonly #frame: Frame
  readonly #packet: Packet
  readonly #sets = new ParameterSetTracker(h264ParameterSets)
  #config: VideoConfig | undefined

  constructor(library: Library, options: PictureEncoderOptions) {
    this.#library = library
    this.#options = options
    this.#context = openEncoder(library, options)
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#frame = new library.Frame()
    this.#frame.alloc()
    this.#frame.format = library.constants.AV_PIX_FMT_YUV420P
    this.#frame.width = options.width
    this.#frame.height = options.height
    if (this.#frame.getBuffer(0) < 0) throw new Error('Out of memory for a video frame')
  }

  /** `draw` paints the picture of time `pts` over the one before. */
  encode(pts: Micros, keyframe: boolean, draw: (picture: Picture) => void): void {
    const { constants } = this.#library
    const frame = this.#frame
    frame.makeWritable()
    const { data, linesize } = frame
    if (data === null) return
    const { width, height } = this.#options
    const [bytes, u, v] = [data[0]!, data[1]!, data[2]!]
    draw({ bytes, stride: linesize[0]!, width, height, u, v, chromaStride: linesize[1]! })
    frame.pts = BigInt(pts)
    frame.pictType = keyframe ? constants.AV_PICTURE_TYPE_I : constants.AV_PICTURE_TYPE_NONE
    this.#context.sendFrameSync(frame)
    this.#takePackets()
  }

  close(): void {
    this.#frame.free()
    this.#packet.free()
    this.#context.freeContext()
  }

  #takePackets(): void {
    const packet = this.#packet
    for (;;) {
      const code = this.#context.receivePacketSync(packet)
      if (code < 0) {
        if (isPause(this.#library, code)) return
        throw new Error('The encoder of the test picture failed')
      }
      if (packet.data !== null) this.#handle(Number(packet.pts), packet.isKeyframe, new Uint8Array(packet.data))
      packet.unref()
    }
  }

  #handle(pts: Micros, keyframe: boolean, annexB: Uint8Array): void {
    const all = splitAnnexB(annexB)
    const { frameRate, bitrate } = this.#options
    if (this.#sets.observe(all)) this.#config = this.#sets.config({ frameRate, bitrate, orientation: 0 })
    const units = all.filter((unit) => {
      const type = h264NalType(unit)
      return type >= H264NalType.slice && type <= H264NalType.idrSlice
    })
    if (this.#config === undefined || units.length === 0) return
    const config = this.#config
    this.#options.handle({ config, pts, dts: pts, keyframe, units, receivedAt: pts, droppable: false })
  }
}

function openEncoder(library: Library, { width, height, frameRate, bitrate }: PictureEncoderOptions): CodecContext {
  const { Codec, CodecContext, Rational, constants } = library
  const codec = Codec.findEncoderByName(constants.FF_ENCODER_LIBX264)
  if (codec === null) throw new Error('The codec library has no encoder for H.264')
  const context = new CodecContext()
  context.allocContext3(codec)
  context.width = width
  context.height = height
  context.pixelFormat = constants.AV_PIX_FMT_YUV420P
  context.timeBase = new Rational(1, 1_000_000)
  context.framerate = new Rational(Math.round(frameRate), 1)
  context.threadCount = 1
  context.gopSize = 1 << 20
  context.rcMaxRate = BigInt(Math.round(bitrate * 1.5))
  context.rcBufferSize = bitrate
  context.setOption('crf', '26')
  context.setOption('preset', 'ultrafast')
  context.setOption('tune', 'zerolatency')
  context.setOption('profile', 'baseline')
  context.setOption('forced-idr', '1')
  context.setOption('x264-params', 'sliced-threads=0:slices=1:scenecut=0')
  if (context.open2Sync(codec, null) < 0) throw new Error(`No encoder for ${String(width)}×${String(height)}`)
  return context
}
