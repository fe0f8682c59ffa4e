import { readInt24 } from '../bytes/big-endian.js'
import type { FlvSpelling, VideoCodec } from '../model/frame.js'
import { FourCc, LegacyPacketType, LegacyVideoCodecId, VideoFrameType, VideoPacketType } from './codec-ids.js'
import { ExHeader } from './ex-header.js'

/**
 * The content of a tag for the default track: `nothing` for commands, metadata and tags of other tracks,
 * `unsupported` for a codec that is not carried.
 */
export type FlvPacketKind = 'sequenceStart' | 'frames' | 'sequenceEnd' | 'nothing' | 'unsupported'

/** Frame type and codec id, packet type, composition time. */
const LEGACY_HEADER_LENGTH = 5
const EX_HEADER_FLAG = 0x80

/** VideoTagHeader (FLV v10.1 section E.4.3.1) and ExVideoTagHeader (Enhanced RTMP v2), one object for all tags of a stream. */
export class VideoTagHeader {
  kind: FlvPacketKind = 'nothing'
  /** Undefined where `kind` is `nothing` or `unsupported`. */
  codec: VideoCodec | undefined
  spelling: FlvSpelling = 'legacy'
  /** The tag says that a decoder may start here. */
  isKey = false
  /** pts minus dts, in milliseconds. */
  compositionTimeMs = 0
  /** Position of the record or the frame in the body. */
  offset = 0
  end = 0
  otherTracks = 0
  readonly #ex = new ExHeader()

  /** Reads the header of a body that is not empty; false when it is cut short or contradicts itself. */
  parse(body: Uint8Array): boolean {
    const first = body[0]!
    const frameType = (first >> 4) & 7
    this.isKey = frameType === VideoFrameType.key || frameType === VideoFrameType.generatedKey
    this.compositionTimeMs = 0
    this.otherTracks = 0
    this.end = body.length
    if ((first & EX_HEADER_FLAG) !== 0) return this.#parseEnhanced(body, frameType)
    return this.#parseLegacy(body, frameType)
  }

  #parseLegacy(body: Uint8Array, frameType: number): boolean {
    const codecId = body[0]! & 0x0f
    this.spelling = 'legacy'
    this.codec = codecId === LegacyVideoCodecId.avc ? 'h264' : codecId === LegacyVideoCodecId.hevc ? 'h265' : undefined
    this.kind = frameType === VideoFrameType.command ? 'nothing' : 'unsupported'
    if (frameType === VideoFrameType.command || this.codec === undefined) return true
    this.kind = 'sequenceEnd'
    // Some encoders end a sequence with 2 bytes instead of 5.
    if (body[1] === LegacyPacketType.endOfSequence) return true
    if (body.length < LEGACY_HEADER_LENGTH || body[1]! > LegacyPacketType.endOfSequence) return false
    this.offset = LEGACY_HEADER_LENGTH
    this.kind = body[1] === LegacyPacketType.sequenceHeader ? 'sequenceStart' : 'frames'
    this.compositionTimeMs = readInt24(body, 2)
    return true
  }

  #parseEnhanced(body: Uint8Array, frameType: number): boolean {
    const ex = this.#ex
    this.spelling = 'enhanced'
    this.codec = undefined
    this.kind = 'nothing'
    if (!ex.parsePacketType(body)) return false
    if (frameType === VideoFrameType.command && ex.packetType !== VideoPacketType.metadata) return true
    if (!ex.parseTracks(body, VideoPacketType.multitrack)) return false
    this.otherTracks = ex.otherTracks
    this.codec = videoCodecOf(ex.fourCc)
    if (!ex.hasDefaultTrack) return true
    this.kind = packetKindOf(ex.packetType)
    if (this.codec === undefined && this.kind !== 'nothing') this.kind = 'unsupported'
    this.offset = ex.offset
    this.end = ex.end
    const hasCompositionTime = this.codec === 'h264' || this.codec === 'h265'
    if (ex.packetType !== VideoPacketType.codedFrames || !hasCompositionTime) return true
    if (this.end - this.offset < 3) return false
    this.compositionTimeMs = readInt24(body, this.offset)
    this.offset += 3
    return true
  }
}

/** Of HDR metadata and MPEG-2 TS headers nothing is carried. */
function packetKindOf(packetType: number): FlvPacketKind {
  switch (packetType) {
    case VideoPacketType.sequenceStart:
      return 'sequenceStart'
    case VideoPacketType.codedFrames:
    case VideoPacketType.codedFramesX:
      return 'frames'
    case VideoPacketType.sequenceEnd:
      return 'sequenceEnd'
    default:
      return 'nothing'
  }
}

function videoCodecOf(fourCc: number): VideoCodec | undefined {
  switch (fourCc) {
    case FourCc.avc1:
      return 'h264'
    case FourCc.hvc1:
      return 'h265'
    case FourCc.vp08:
      return 'vp8'
    case FourCc.vp09:
      return 'vp9'
    case FourCc.av01:
      return 'av1'
    default:
      return undefined
  }
}
