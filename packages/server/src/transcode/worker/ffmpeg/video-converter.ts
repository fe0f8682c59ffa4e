import {
  isEntryPoint,
  isVideoFrame,
  type MediaFrame,
  type Micros,
  type VideoConfig,
  type VideoFrame,
} from '@crossroom/media'
import type { VideoOrder } from '../../catalog.js'
import { H264Output, Vp8Output, type PictureOutput } from '../coded-picture.js'
import type { Converter, Emit, Fail } from '../converter.js'
import { flvHead, flvTag } from './flv-input.js'
import { ivfFrame, ivfHead, IvfReader, type IvfCodec } from './ivf.js'
import { FfmpegProgram } from './program.js'
import { FlvPictures } from './flv-pictures.js'

/** Pictures that are shown before they are decoded have a time of the program as well. */
const ROOM_BEFORE: Micros = 1_000_000
/** Frames on their way through the program. */
const MAX_ORIGINS = 512
/** Bits per second when the source names none. */
const BITRATE = 1_500_000
/** Frames per second if unknown. */
const FRAME_RATE = 30
/** An hour without a keyframe. */
const ENDLESS: Micros = 3_600_000_000

interface Origin {
  readonly pts: Micros
  readonly captureTime: Micros | undefined
}

/**
 * Decodes and encodes in one program. Time goes through it in whole milliseconds from the first frame on, and is
 * looked up again behind it.
 */
export class FfmpegVideoConverter implements Converter {
  readonly #order: VideoOrder
  readonly #emit: Emit
  readonly #fail: Fail
  readonly #output: PictureOutput
  readonly #origins = new Map<number, Origin>()
  #program: FfmpegProgram | undefined
  #config: VideoConfig | undefined
  /** Frames to be decoded only: the program is told where to begin, so it starts with the first frame after them. */
  #warmUp: VideoFrame[] = []
  /** The program's time 0. */
  #base: Micros = 0
  #receivedAt: Micros = 0

  constructor(order: VideoOrder, emit: Emit, fail: Fail) {
    this.#order = order
    this.#emit = emit
    this.#fail = fail
    this.#output = order.to === 'h264' ? new H264Output() : new Vp8Output()
  }

  handleFrame(frame: MediaFrame, warmUp: boolean): void {
    if (!isVideoFrame(frame)) return
    if (frame.config !== this.#config) {
      if (!isEntryPoint(frame)) return
      this.close()
      this.#config = frame.config
    }
    this.#receivedAt = frame.receivedAt
    if (warmUp && this.#program === undefined) {
      this.#warmUp.push(frame)
      return
    }
    if (this.#program === undefined) this.#start(frame)
    this.#write(frame)
  }

  handleAdvance(): void {
    // A picture stays until the next one comes.
  }

  handleKeyframeRequest(): void {
    // A running ffmpeg cannot be asked for a keyframe; the source's next keyframe is one here as well.
  }

  close(): void {
    this.#program?.close()
    this.#program = undefined
    this.#warmUp = []
    this.#origins.clear()
  }

  #start(first: VideoFrame): void {
    const { config } = first
    const warmUp = this.#warmUp
    this.#warmUp = []
    this.#base = Math.min(...[...warmUp, first].map((frame) => Math.min(frame.dts, frame.pts))) - ROOM_BEFORE
    const since = (this.#milliseconds(first.pts) - 0.5) / 1000
    const ivf = ivfCodecOf(config)
    const args = [
      ...['-threads', '1', '-probesize', '32', '-analyzeduration', '1'],
      ...['-f', ivf === undefined ? 'flv' : 'ivf', '-i', 'pipe:0', '-copyts', '-vsync', 'passthrough'],
      ...['-vf', `select=gte(t\\,${String(since)}),${scaleOf(config)}format=yuv420p`, '-force_key_frames', 'source'],
      ...encoderArguments(this.#order, config.frameRate ?? FRAME_RATE),
      ...['-threads', '1', '-enc_time_base', '1:1000', '-flush_packets', '1'],
      ...['-f', this.#order.to === 'h264' ? 'flv' : 'ivf', 'pipe:1'],
    ]
    this.#program = new FfmpegProgram(args, this.#reader(), this.#fail)
    this.#program.write(ivf === undefined ? flvHead(config) : ivfHead(ivf, config.width, config.height))
    for (const frame of warmUp) this.#write(frame)
  }

  #write(frame: VideoFrame): void {
    const ivf = ivfCodecOf(frame.config)
    const milliseconds = this.#milliseconds(frame.pts)
    if (this.#origins.size >= MAX_ORIGINS) this.#origins.clear()
    this.#origins.set(milliseconds, { pts: frame.pts, captureTime: frame.captureTime })
    const moved = { ...frame, pts: frame.pts - this.#base, dts: frame.dts - this.#base }
    this.#program!.write(ivf === undefined ? flvTag(moved) : ivfFrame(frame.units[0]!, milliseconds))
  }

  #milliseconds(pts: Micros): number {
    return Math.round((pts - this.#base) / 1000)
  }

  #reader(): (chunk: Buffer) => void {
    if (this.#order.to === 'h264') {
      const flv = new FlvPictures((bytes, milliseconds, keyframe) => this.#handleCoded(bytes, milliseconds, keyframe))
      return (chunk) => flv.push(chunk)
    }
    // The lowest bit of a VP8 frame is 0 for keyframes (RFC 6386 section 9.1).
    const ivf = new IvfReader((bytes, milliseconds) => this.#handleCoded(bytes, milliseconds, (bytes[0]! & 1) === 0))
    return (chunk) => ivf.push(chunk)
  }

  #handleCoded(bytes: Uint8Array, milliseconds: number, keyframe: boolean): void {
    const config = this.#config!
    const origin = this.#origins.get(milliseconds)
    this.#origins.delete(milliseconds)
    const { orientation, frameRate } = config
    const coded = this.#output.handle(bytes, { orientation, frameRate, bitrate: this.#order.bitrate ?? BITRATE })
    if (coded === undefined) return
    const pts = origin?.pts ?? this.#base + milliseconds * 1000
    this.#emit({
      ...coded,
      pts,
      dts: pts,
      keyframe,
      receivedAt: this.#receivedAt,
      ...(origin?.captureTime === undefined ? {} : { captureTime: origin.captureTime }),
      droppable: false,
    })
  }
}

/** The encoder keeps its size: layers of VP9 and AV1 come and go between keyframes. */
function scaleOf({ width, height }: VideoConfig): string {
  return width === 0 ? '' : `scale=${String(width)}:${String(height)},`
}

/** Undefined for the codecs that go in as FLV. */
function ivfCodecOf({ codec }: VideoConfig): IvfCodec | undefined {
  if (codec === 'h264') return undefined
  if (codec === 'h265') throw new Error('ffmpeg takes no H.265 through FLV')
  return codec
}

function encoderArguments(order: VideoOrder, frameRate: number): string[] {
  const bitrate = order.bitrate ?? BITRATE
  const longestGop = ['-g', String(Math.round(((order.keyframeEvery ?? ENDLESS) / 1e6) * frameRate))]
  if (order.to === 'vp8') {
    const rate = ['-b:v', String(bitrate), '-minrate', String(bitrate), '-maxrate', String(bitrate)]
    const speed = ['-deadline', 'realtime', '-cpu-used', '10', '-lag-in-frames', '0', '-auto-alt-ref', '0']
    return ['-c:v', 'libvpx', ...rate, ...speed, ...longestGop]
  }
  const rate = ['-crf', '23', '-maxrate', String(Math.round(bitrate * 1.25)), '-bufsize', String(bitrate)]
  const speed = ['-preset', 'superfast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-forced-idr', '1']
  const slices = order.unitBytes === undefined ? 'slices=1' : `slice-max-size=${String(order.unitBytes)}`
  return ['-c:v', 'libx264', ...rate, ...speed, ...longestGop, '-x264-params', `sliced-threads=0:${slices}:scenecut=0`]
}
