import { createHash } from 'node:crypto'
import {
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  FlvStreamReader,
  FlvTagType,
  writeFileHeader,
  writePreviousTagSize,
  writeTagHeader,
  type FlvTag,
} from '@crossroom/media'

/** A tag that carries a frame, as opposed to a codec's configuration, metadata or an end mark. */
export interface MediaTag extends FlvTag {
  readonly kind: 'video' | 'audio'
  readonly keyframe: boolean
}

/** All tags of an FLV file. Throws when it is none. */
export function tagsOf(bytes: Uint8Array): FlvTag[] {
  const reader = new FlvStreamReader()
  reader.handleInput(bytes)
  const tags = [...poll(reader)]
  if (reader.error !== undefined) throw new Error(reader.error)
  return tags
}

/** Tags as a file. */
export function flvFileOf(tags: readonly FlvTag[]): Uint8Array {
  const length = tags.reduce((sum, tag) => sum + byteLengthOfTag(tag.body.length), FLV_FILE_HEADER_LENGTH)
  const bytes = new Uint8Array(length)
  const has = (type: number): boolean => tags.some((tag) => tag.type === type)
  let offset = writeFileHeader({ audio: has(FlvTagType.audio), video: has(FlvTagType.video) }, bytes, 0)
  for (const { type, timestampMs, body } of tags) {
    offset = writeTagHeader(type, body.length, timestampMs, bytes, offset)
    bytes.set(body, offset)
    offset = writePreviousTagSize(body.length, bytes, offset + body.length)
  }
  return bytes
}

/** The tags that are complete by now. */
export function* poll(reader: FlvStreamReader): Generator<FlvTag> {
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag()) yield tag
}

/** The frames from the first keyframe on, or all of them when there is no video. */
export function mediaOf(tags: readonly FlvTag[]): MediaTag[] {
  const media = tags.flatMap(mediaTagOf)
  return media.slice(
    Math.max(
      0,
      media.findIndex((tag) => tag.kind === 'video' && tag.keyframe),
    ),
  )
}

/** The configurations in order: AVC, HEVC and AAC sequence headers. */
export function configsOf(tags: readonly FlvTag[]): FlvTag[] {
  return tags.filter((tag) => tag.type !== FlvTagType.script && isConfig(tag))
}

/**
 * One line per frame, to compare what went in with what came out: kind, payload hash, and the time since the first
 * frame in milliseconds. Sorted by track, for protocols may interleave tracks differently.
 */
export function fingerprints(media: readonly MediaTag[]): string[] {
  const start = Math.min(...media.map((tag) => tag.timestampMs))
  return (['video', 'audio'] as const).flatMap((kind) =>
    media
      .filter((tag) => tag.kind === kind)
      .map((tag) => `${kind} ${String(tag.timestampMs - start)} ${hashOf(tag.body)}`),
  )
}

/** A short name of the bytes. */
export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

/** True when the earliest tag has time 0 (sound may come a little behind the picture of its time) and time never falls within a track. */
export function timesAreSound(media: readonly MediaTag[]): boolean {
  const last = { video: -1, audio: -1 }
  for (const { kind, timestampMs } of media) {
    if (timestampMs < last[kind]) return false
    last[kind] = timestampMs
  }
  return Math.min(...media.map(({ timestampMs }) => timestampMs)) === 0
}

function mediaTagOf(tag: FlvTag): MediaTag[] {
  if (tag.type === FlvTagType.script || tag.body.length === 0 || isConfig(tag) || !isFrame(tag)) return []
  const isVideo = tag.type === FlvTagType.video
  return [{ ...tag, kind: isVideo ? 'video' : 'audio', keyframe: isVideo && ((tag.body[0]! >> 4) & 7) === 1 }]
}

function isConfig({ type, body }: FlvTag): boolean {
  return packetTypeOf(type, body) === 0
}

/** Neither the end of a sequence nor, in Enhanced RTMP, metadata of colours and channels. */
function isFrame({ type, body }: FlvTag): boolean {
  const packetType = packetTypeOf(type, body)
  return packetType === undefined || packetType === 1 || (packetType === 3 && isEnhanced(type, body))
}

/** FLV v10.1 E.4.2.1, E.4.3.1 and Enhanced RTMP v2; undefined where a codec has only frames. */
function packetTypeOf(type: number, body: Uint8Array): number | undefined {
  const first = body[0]!
  if (isEnhanced(type, body)) return first & 15
  const hasPacketType = type === FlvTagType.video ? [7, 12].includes(first & 15) : first >> 4 === 10
  return hasPacketType ? body[1] : undefined
}

function isEnhanced(type: number, body: Uint8Array): boolean {
  return type === FlvTagType.video ? (body[0]! & 0x80) !== 0 : body[0]! >> 4 === 9
}
