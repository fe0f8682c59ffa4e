import { isVideoFrame, type MediaFrame, type Orientation, type VideoConfig } from '@crossroom/media'
import type { CodecContext, Frame } from 'node-av/lib'
import type { SnapshotFormat, SnapshotOrder } from '../../ipc/snapshot-order.js'
import type { Converter, Emit } from '../converter.js'
import { scaledSize } from '../snapshot-size.js'
import { turnPicture } from '../turn-picture.js'
import type { Library } from './library.js'
import { NodeAvVideoDecoder } from './video-decoder.js'

/** The quantiser of JPEG, 2 (best) to 31: a picture of 640 × 360 takes about 16 kB. */
const JPEG_QUANTISER = 4
/** The quality of WebP, up to 100, and the effort for it, up to 6. */
const WEBP_QUALITY = '75'
const WEBP_EFFORT = '2'

/** Decodes what it is sent and answers the last picture as a file. */
export class NodeAvSnapshotConverter implements Converter {
  readonly #library: Library
  readonly #order: SnapshotOrder
  readonly #emit: Emit
  #decoder: NodeAvVideoDecoder | undefined
  #config: VideoConfig | undefined
  #picture: Frame | undefined

  constructor(library: Library, order: SnapshotOrder, emit: Emit) {
    this.#library = library
    this.#order = order
    this.#emit = emit
  }

  /** Throws a sentence when the last frame gives no picture. */
  handleFrame(frame: MediaFrame, warmUp: boolean): void {
    if (!isVideoFrame(frame)) return
    if (frame.config !== this.#config) this.#configure(frame.config)
    this.#decoder?.decode(frame)
    if (warmUp) return
    this.#decoder?.flush()
    if (this.#picture === undefined) throw new Error('The picture cannot be decoded.')
    const bytes = this.#fileOf(this.#picture, frame.config.orientation)
    this.#emit({ ...frame, units: [bytes] })
  }

  handleAdvance(): void {
    // One picture is all there is.
  }

  handleKeyframeRequest(): void {
    // The source is asked by the server.
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
    this.#decoder = new NodeAvVideoDecoder(this.#library, config, (picture) => {
      this.#picture?.free()
      this.#picture = picture.clone() ?? undefined
    })
  }

  #fileOf(picture: Frame, orientation: Orientation): Uint8Array {
    const library = this.#library
    const scaled = this.#scale(picture, orientation)
    const shown = orientation === 0 ? scaled : turn(library, scaled, orientation)
    if (shown !== scaled) scaled.free()
    try {
      return encode(library, shown, this.#order.format)
    } finally {
      shown.free()
    }
  }

  #scale(picture: Frame, orientation: Orientation): Frame {
    const { constants, SoftwareScaleContext } = this.#library
    const { num, den } = picture.sampleAspectRatio
    const aspect = num > 0 && den > 0 ? num / den : 1
    const decoded = { width: picture.width, height: picture.height, aspect }
    const { width, height } = scaledSize(decoded, orientation, this.#order.width)
    const target = allocate(this.#library, pixelFormatOf(this.#library, this.#order.format), width, height)
    const scaler = new SoftwareScaleContext()
    const format = picture.format as typeof constants.AV_PIX_FMT_YUV420P
    const to = target.format as typeof format
    scaler.getContext(picture.width, picture.height, format, width, height, to, constants.SWS_BILINEAR)
    scaler.scaleFrameSync(target, picture)
    scaler.freeContext()
    return target
  }
}

/** JPEG holds brightness from 0 to 255 (JFIF), WebP that of video (RFC 9649). */
function pixelFormatOf({ constants }: Library, format: SnapshotFormat): Frame['format'] {
  return format === 'jpeg' ? constants.AV_PIX_FMT_YUVJ420P : constants.AV_PIX_FMT_YUV420P
}

function allocate({ Frame }: Library, format: Frame['format'], width: number, height: number): Frame {
  const frame = new Frame()
  frame.alloc()
  frame.format = format
  frame.width = width
  frame.height = height
  if (frame.getBuffer(0) < 0) throw new Error('Out of memory for a picture.')
  return frame
}

function turn(library: Library, frame: Frame, orientation: Orientation): Frame {
  const { bytes, width, height } = turnPicture(
    { bytes: frame.toBuffer(), width: frame.width, height: frame.height },
    orientation,
  )
  const turned = allocate(library, frame.format, width, height)
  turned.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  return turned
}

function encode(library: Library, picture: Frame, format: SnapshotFormat): Uint8Array {
  const context = openEncoder(library, picture, format)
  const packet = new library.Packet()
  packet.alloc()
  try {
    context.sendFrameSync(picture)
    context.sendFrameSync(null)
    const bytes = context.receivePacketSync(packet) >= 0 ? packet.data : null
    if (bytes === null) throw new Error('The picture cannot be encoded.')
    return new Uint8Array(bytes)
  } finally {
    packet.free()
    context.freeContext()
  }
}

function openEncoder(library: Library, picture: Frame, format: SnapshotFormat): CodecContext {
  const { Codec, CodecContext, Rational, constants } = library
  const name = format === 'jpeg' ? constants.FF_ENCODER_MJPEG : constants.FF_ENCODER_LIBWEBP
  const codec = Codec.findEncoderByName(name)
  if (codec === null) throw new Error(`The codec library has no encoder for ${format}.`)
  const context = new CodecContext()
  context.allocContext3(codec)
  context.width = picture.width
  context.height = picture.height
  context.pixelFormat = picture.format as typeof context.pixelFormat
  context.timeBase = new Rational(1, 25)
  context.threadCount = 1
  if (format === 'jpeg') {
    context.colorRange = constants.AVCOL_RANGE_JPEG
    context.setFlags(constants.AV_CODEC_FLAG_QSCALE)
    context.globalQuality = JPEG_QUANTISER * constants.FF_QP2LAMBDA
    picture.quality = JPEG_QUANTISER * constants.FF_QP2LAMBDA
  } else {
    context.setOption('quality', WEBP_QUALITY)
    context.setOption('compression_level', WEBP_EFFORT)
  }
  if (context.open2Sync(codec, null) < 0) throw new Error(`The ${format} encoder rejects this size.`)
  return context
}
