import type { AudioConfig, CodecConfig, MediaFrame, Micros } from '@crossroom/media'
import type { CodecParameters, FormatContext, Packet, Stream } from 'node-av/lib'
import { mediaLimits } from '../../config/limits.js'
import { AccessUnits } from './access-units.js'
import type { Library } from '../../jobs/worker/library.js'
import type { RefusedTrack } from './orders.js'
import { Pictures } from './pictures.js'
import { PictureSizes } from './picture-sizes.js'
import { soundsOf, type ReadSounds } from './sounds.js'

/** A clock of a camera that is further off than this tells nothing about ages. */
const MAX_AGE: Micros = 10_000_000
const MAX_CLOCK_AHEAD: Micros = 100_000

export interface TracksOptions {
  readonly library: Library
  readonly context: FormatContext
  /** Pictures come in pieces: RTSP is read without FFmpeg's parser, which holds each picture until the next one begins. */
  readonly inPieces: boolean
  /** Where sizes of pictures are known, by the number of the track. */
  readonly follow?: (track: number, codec: 'h264' | 'h265', sizes: PictureSizes) => void
  readonly emit: (frame: MediaFrame) => void
  readonly refused: (track: RefusedTrack) => void
}

type ReadPacket = (packet: Packet, data: Uint8Array, pts: Micros) => void

/** The first track of video and of audio that can be carried, of a source that is open. */
export class Tracks {
  readonly #options: TracksOptions
  readonly #readers = new Map<number, ReadPacket>()
  readonly #lastPts = new Map<number, Micros>()
  readonly #timeBases: number[] = []
  readonly #kinds = new Set<CodecConfig['kind']>()
  #pieces: AccessUnits | undefined
  #firstRefusal: string | undefined

  constructor(options: TracksOptions) {
    this.#options = options
    const streams = options.context.streams ?? []
    for (const stream of options.inPieces ? streams : this.#bestFirst(streams)) this.#add(stream)
    // Variants of HLS that nobody reads are not downloaded either.
    for (const stream of streams) if (!this.#readers.has(stream.index)) stream.discard = this.#discardAll
  }

  /** Why nothing at all can be carried. */
  get refusal(): string | undefined {
    if (this.#readers.size > 0) return undefined
    return this.#firstRefusal ?? 'The source has neither video nor audio.'
  }

  read(packet: Packet): void {
    const index = packet.streamIndex
    const read = this.#readers.get(index)
    const { data } = packet
    if (read === undefined || data === null || data.length === 0) return
    const { AV_NOPTS_VALUE } = this.#options.library.constants
    const given = packet.pts === AV_NOPTS_VALUE ? packet.dts : packet.pts
    // Further sounds of one RTP packet, and raw files, have no time: the stream's own time line puts them one after the other.
    const last = this.#lastPts.get(index) ?? 0
    const pts = given === AV_NOPTS_VALUE ? last : this.#micros(index, given)
    this.#lastPts.set(index, pts)
    read(packet, data, pts)
  }

  /** Nothing more will come. */
  flush(): void {
    this.#pieces?.flush()
  }

  get #discardAll() {
    return this.#options.library.constants.AVDISCARD_ALL
  }

  /** The best of the variants of HLS, and the sound that belongs to it. */
  #bestFirst(streams: readonly Stream[]): Stream[] {
    const { context, library } = this.#options
    const { AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO } = library.constants
    const bits = ({ metadata }: Stream): number => Number(metadata?.get('variant_bitrate') ?? 0)
    const pixels = ({ codecpar: { width, height } }: Stream): number => width * height
    const [best] = streams
      .filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_VIDEO)
      .sort((a, b) => bits(b) - bits(a) || pixels(b) - pixels(a))
    const audio = context.findBestStream(AVMEDIA_TYPE_AUDIO, -1, best?.index ?? -1)
    const isBest = (stream: Stream): boolean => stream === best || stream.index === audio
    return [...streams.filter(isBest), ...streams.filter((stream) => !isBest(stream))]
  }

  #add(stream: Stream): void {
    const { constants } = this.#options.library
    const { index, codecpar, timeBase } = stream
    this.#timeBases[index] = (1e6 * timeBase.num) / timeBase.den
    const kind =
      codecpar.codecType === constants.AVMEDIA_TYPE_VIDEO
        ? 'video'
        : codecpar.codecType === constants.AVMEDIA_TYPE_AUDIO
          ? 'audio'
          : undefined
    if (kind === undefined || this.#kinds.has(kind)) return
    const read = kind === 'video' ? this.#readVideo(index, codecpar) : this.#readAudio(index, codecpar)
    if (read === undefined) return this.#refuse(kind, codecpar)
    this.#kinds.add(kind)
    this.#readers.set(index, read)
  }

  #refuse(kind: 'video' | 'audio', { codecId }: CodecParameters): void {
    const name = (this.#options.library.avGetCodecName(codecId) ?? 'unknown').toUpperCase()
    const choice = kind === 'video' ? 'H.264 or H.265' : 'AAC, G.711 or Opus'
    const reason = `The source sends ${name}, which is not carried; let it send ${choice}.`
    this.#firstRefusal ??= reason
    this.#options.refused({ kind, code: 'UNSUPPORTED_CODEC', reason })
  }

  #readVideo(index: number, { codecId, extradata }: CodecParameters): ReadPacket | undefined {
    const { library, inPieces, follow, emit } = this.#options
    const { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC } = library.constants
    if (codecId !== AV_CODEC_ID_H264 && codecId !== AV_CODEC_ID_HEVC) return undefined
    const codec = codecId === AV_CODEC_ID_H264 ? 'h264' : 'h265'
    const pictures = new Pictures(codec, extradata === null ? undefined : new Uint8Array(extradata))
    const read = (bytes: Uint8Array, pts: Micros, dts: Micros, age: Micros | undefined): void => {
      const frame = pictures.read(bytes, pts, dts)
      if (frame !== undefined) emit({ ...frame, receivedAt: 0, ...(age === undefined ? {} : { captureTime: -age }) })
    }
    if (!inPieces)
      return (packet, data, pts) => {
        const { AV_NOPTS_VALUE } = library.constants
        read(data, pts, packet.dts === AV_NOPTS_VALUE ? pts : this.#micros(index, packet.dts), undefined)
      }
    const sizes = follow && new PictureSizes()
    if (sizes !== undefined) follow?.(index, codec, sizes)
    const pieces = new AccessUnits({ sizes, maxBytes: mediaLimits.frameBytes }, (bytes, { pts, age }) =>
      read(bytes, pts, pts, age),
    )
    this.#pieces = pieces
    return (packet, data, pts) => pieces.push(new Uint8Array(data), { pts, age: this.#ageOf(packet) })
  }

  #readAudio(_index: number, parameters: CodecParameters): ReadPacket | undefined {
    const { library, emit } = this.#options
    const handle = (config: AudioConfig, data: Uint8Array, pts: Micros): void =>
      emit({ config, pts, dts: pts, keyframe: true, droppable: false, units: [data], receivedAt: 0 })
    const read: ReadSounds | undefined = soundsOf(library, parameters, handle)
    return read && ((_packet, data, pts) => read(data, pts))
  }

  /** By the camera's clock, as its RTCP sender reports tell it; where that is far off, nothing is known. */
  #ageOf(packet: Packet): Micros | undefined {
    const told = packet.getSideData(this.#options.library.constants.AV_PKT_DATA_PRFT)
    if (told === null || told.length < 8) return undefined
    const age = Date.now() * 1000 - Number(told.readBigInt64LE(0))
    return age > MAX_AGE || age < -MAX_CLOCK_AHEAD ? undefined : Math.max(0, age)
  }

  #micros(index: number, time: bigint): Micros {
    return Math.round(Number(time) * this.#timeBases[index]!)
  }
}
