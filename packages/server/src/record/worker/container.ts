import {
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  Fragmenter,
  FlvTagType,
  flvTimestampMs,
  initSegment,
  isMp4Writable,
  isSameMp4Track,
  buildMetadataBody,
  writeConfigBody,
  writeFileHeader,
  writeFrameBody,
  writePreviousTagSize,
  writeTagHeader,
  type CodecConfig,
  type MediaFrame,
  type Micros,
  type Mp4Tracks,
} from '@crossroom/media'
import type { RecordingFormat } from '../model/journal.js'

/** A segment in its format: takes frames, gives bytes. */
export interface Container {
  /** False: the frame needs another file, because its track is new or coded differently. */
  accepts(frame: MediaFrame): boolean
  add(frame: MediaFrame): void
  /** Bytes since the last call. `next` is the frame that will be added next, if it is known. */
  take(next?: MediaFrame): Uint8Array[]
  /** Of what was taken. */
  readonly durationMicros: Micros
}

export const ENDINGS: Readonly<Record<RecordingFormat, string>> = { mp4: '.mp4', flv: '.flv' }

/** Whether frames of the config can be in files of the format. */
export function isWritable(format: RecordingFormat, config: CodecConfig): boolean {
  return format === 'flv' || isMp4Writable(config)
}

export function openContainer(format: RecordingFormat, tracks: Mp4Tracks): Container {
  return format === 'mp4' ? new Mp4Container(tracks) : new FlvContainer(tracks)
}

class Mp4Container implements Container {
  readonly #fragmenter: Fragmenter
  #head: Uint8Array | undefined
  durationMicros: Micros = 0

  constructor(tracks: Mp4Tracks) {
    this.#fragmenter = new Fragmenter(tracks)
    this.#head = initSegment(tracks)
  }

  accepts(frame: MediaFrame): boolean {
    return this.#fragmenter.accepts(frame)
  }

  add(frame: MediaFrame): void {
    this.#fragmenter.push(frame)
  }

  take(next?: MediaFrame): Uint8Array[] {
    const fragment = this.#fragmenter.cut(next)
    if (fragment === undefined) return []
    const head = this.#head
    this.#head = undefined
    this.durationMicros = Math.max(this.durationMicros, fragment.end)
    return head === undefined ? [fragment.bytes] : [head, fragment.bytes]
  }
}

/** FLV as it came: what was published as FLV has the same bodies of tags. */
class FlvContainer implements Container {
  readonly #tracks: Mp4Tracks
  readonly #last: { audio?: CodecConfig; video?: CodecConfig } = {}
  #frames: MediaFrame[] = []
  /** Of the earliest frame before the first `take`. */
  #originMs: number | undefined
  durationMicros: Micros = 0

  constructor(tracks: Mp4Tracks) {
    this.#tracks = tracks
  }

  /** Players read sequence headers anywhere, but few know what to do with another codec or size. */
  accepts({ config }: MediaFrame): boolean {
    const known = this.#tracks[config.kind]
    return known !== undefined && isSameMp4Track(config, known)
  }

  add(frame: MediaFrame): void {
    this.#frames.push(frame)
  }

  take(): Uint8Array[] {
    const frames = this.#frames
    if (frames.length === 0) return []
    this.#frames = []
    const parts = this.#originMs === undefined ? [flvHead(this.#tracks)] : []
    const originMs = (this.#originMs ??= Math.min(...frames.map(({ dts }) => flvTimestampMs(dts))))
    for (const frame of frames) this.#write(frame, Math.max(0, flvTimestampMs(frame.dts) - originMs), parts)
    return parts
  }

  #write(frame: MediaFrame, timestampMs: number, parts: Uint8Array[]): void {
    const { config, script = [] } = frame
    for (const { body } of script)
      parts.push(flvTag(FlvTagType.script, timestampMs, body.length, (out, offset) => out.set(body, offset)))
    const type = FlvTagType[config.kind]
    if (this.#last[config.kind] !== config && config.description.length > 0) {
      const write = (out: Uint8Array, offset: number) => void writeConfigBody(config, out, offset)
      parts.push(flvTag(type, timestampMs, byteLengthOfConfigBody(config), write))
    }
    this.#last[config.kind] = config
    const write = (out: Uint8Array, offset: number) => void writeFrameBody(frame, out, offset)
    parts.push(flvTag(type, timestampMs, byteLengthOfFrameBody(frame), write))
    this.durationMicros = Math.max(this.durationMicros, timestampMs * 1000)
  }
}

function flvTag(
  type: number,
  timestampMs: number,
  length: number,
  write: (out: Uint8Array, offset: number) => void,
): Uint8Array {
  const tag = new Uint8Array(byteLengthOfTag(length))
  const offset = writeTagHeader(type, length, timestampMs, tag, 0)
  write(tag, offset)
  writePreviousTagSize(length, tag, offset + length)
  return tag
}

function flvHead({ video, audio }: Mp4Tracks): Uint8Array {
  const body = buildMetadataBody({ ...(video && { video }), ...(audio && { audio }) })
  const head = new Uint8Array(FLV_FILE_HEADER_LENGTH + byteLengthOfTag(body.length))
  let offset = writeFileHeader({ audio: audio !== undefined, video: video !== undefined }, head, 0)
  offset = writeTagHeader(FlvTagType.script, body.length, 0, head, offset)
  head.set(body, offset)
  writePreviousTagSize(body.length, head, offset + body.length)
  return head
}
