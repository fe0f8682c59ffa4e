import type { AudioCodec, FlvSpelling } from '../model/frame.js'
import { AudioPacketType, FourCc, LegacyPacketType, SoundFormat } from './codec-ids.js'
import { ExHeader } from './ex-header.js'
import { legacySoundOf } from './legacy-sound.js'
import type { FlvPacketKind } from './video-tag-header.js'

/** AudioTagHeader (FLV v10.1 section E.4.2.1) and ExAudioTagHeader (Enhanced RTMP v2), one object for all tags of a stream. */
export class AudioTagHeader {
  kind: FlvPacketKind = 'nothing'
  /** Undefined where `kind` is `nothing` or `unsupported`. */
  codec: AudioCodec | undefined
  spelling: FlvSpelling = 'legacy'
  /** Position of the record or the frame in the body. */
  offset = 0
  end = 0
  otherTracks = 0
  readonly #ex = new ExHeader()

  /** Reads the header of a body that is not empty; false when it is cut short or contradicts itself. */
  parse(body: Uint8Array): boolean {
    const soundFormat = body[0]! >> 4
    this.otherTracks = 0
    this.end = body.length
    if (soundFormat === SoundFormat.exHeader) return this.#parseEnhanced(body)
    this.spelling = 'legacy'
    this.kind = 'frames'
    this.offset = 1
    if (soundFormat === SoundFormat.aac) return this.#parseAac(body)
    const isMp3 = soundFormat === SoundFormat.mp3 || soundFormat === SoundFormat.mp3At8kHz
    this.codec = isMp3 ? 'mp3' : legacySoundOf(soundFormat)
    if (this.codec === undefined) this.kind = 'unsupported'
    return true
  }

  #parseAac(body: Uint8Array): boolean {
    this.codec = 'aac'
    this.offset = 2
    if (body.length < 2 || body[1]! > LegacyPacketType.frames) return false
    this.kind = body[1] === LegacyPacketType.sequenceHeader ? 'sequenceStart' : 'frames'
    return true
  }

  #parseEnhanced(body: Uint8Array): boolean {
    const ex = this.#ex
    this.spelling = 'enhanced'
    this.codec = undefined
    this.kind = 'nothing'
    if (!ex.parsePacketType(body) || !ex.parseTracks(body, AudioPacketType.multitrack)) return false
    this.otherTracks = ex.otherTracks
    this.codec = audioCodecOf(ex.fourCc)
    if (!ex.hasDefaultTrack) return true
    this.kind = packetKindOf(ex.packetType)
    if (this.codec === undefined && this.kind !== 'nothing') this.kind = 'unsupported'
    this.offset = ex.offset
    this.end = ex.end
    return true
  }
}

/** Of multichannel layouts nothing is carried: the codec's own record says how many channels there are. */
function packetKindOf(packetType: number): FlvPacketKind {
  switch (packetType) {
    case AudioPacketType.sequenceStart:
      return 'sequenceStart'
    case AudioPacketType.codedFrames:
      return 'frames'
    case AudioPacketType.sequenceEnd:
      return 'sequenceEnd'
    default:
      return 'nothing'
  }
}

function audioCodecOf(fourCc: number): AudioCodec | undefined {
  switch (fourCc) {
    case FourCc.mp4a:
      return 'aac'
    case FourCc.opus:
      return 'opus'
    case FourCc.mp3:
      return 'mp3'
    default:
      return undefined
  }
}
