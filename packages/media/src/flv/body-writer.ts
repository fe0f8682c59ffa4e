import type { Micros } from '../machine/index.js'
import { writeUint24, writeUint32 } from '../bytes/big-endian.js'
import { isEntryPoint, type AudioCodec, type CodecConfig, type FlvSpelling, type MediaFrame } from '../model/frame.js'
import { byteLengthOfLengthPrefixed, writeLengthPrefixed } from '../nal/length-prefixed.js'
import {
  AudioPacketType,
  AUDIO_FOUR_CC,
  LegacyPacketType,
  LegacyVideoCodecId,
  SoundFormat,
  VIDEO_FOUR_CC,
  VideoFrameType,
  VideoPacketType,
} from './codec-ids.js'
import { isLegacySound, soundByteOf } from './legacy-sound.js'
import { spellingOf } from './spelling.js'

/** Frame type and codec id, packet type, composition time. */
const LEGACY_VIDEO_HEADER_LENGTH = 5
/** Flags, FourCC. */
const EX_HEADER_LENGTH = 5
const COMPOSITION_TIME_LENGTH = 3
const EX_VIDEO_FLAG = 0x80
/** SoundRate 44 kHz, SoundSize 16 bits, SoundType stereo: what AAC always says (FLV v10.1 section E.4.2.1). */
const AAC_FLAGS = 0x0f
const MIN_COMPOSITION_TIME = -0x800000
const MAX_COMPOSITION_TIME = 0x7fffff

/** The millisecond that an FLV timestamp says for a time: the nearest one. */
export function flvTimestampMs(time: Micros): number {
  return Math.floor((time + 500) / 1000)
}

/** Bytes of the sequence header's body; 0 when the codec has none (MP3, VP8). `spelling` overrides that of H.265. */
export function byteLengthOfConfigBody(config: CodecConfig, spelling?: FlvSpelling): number {
  if (config.description.length === 0) return 0
  return headerLength(config, spellingOf(config, spelling)) + config.description.length
}

/** Writes the sequence header's body and returns the offset after it. */
export function writeConfigBody(config: CodecConfig, out: Uint8Array, offset: number, spelling?: FlvSpelling): number {
  if (config.description.length === 0) return offset
  const chosen = spellingOf(config, spelling)
  const next =
    config.kind === 'audio'
      ? writeAudioHeader(config, true, chosen, out, offset)
      : writeVideoHeader(config, VideoFrameType.key, true, 0, chosen, out, offset)
  out.set(config.description, next)
  return next + config.description.length
}

/** Bytes of a frame's tag body. */
export function byteLengthOfFrameBody(frame: MediaFrame, spelling?: FlvSpelling): number {
  const config = frame.config
  const chosen = spellingOf(config, spelling)
  if (config.kind === 'audio') return headerLength(config, chosen) + frame.units[0]!.length
  const header = headerLength(config, chosen) + (hasExCompositionTime(frame, chosen) ? COMPOSITION_TIME_LENGTH : 0)
  if (config.codec !== 'h264' && config.codec !== 'h265') return header + frame.units[0]!.length
  return header + byteLengthOfLengthPrefixed(frame.units, config.nalLengthSize)
}

/** Writes a frame's tag body and returns the offset after it. */
export function writeFrameBody(frame: MediaFrame, out: Uint8Array, offset: number, spelling?: FlvSpelling): number {
  const config = frame.config
  const chosen = spellingOf(config, spelling)
  if (config.kind === 'audio') {
    const next = writeAudioHeader(config, false, chosen, out, offset)
    out.set(frame.units[0]!, next)
    return next + frame.units[0]!.length
  }
  const frameType = isEntryPoint(frame) ? VideoFrameType.key : VideoFrameType.inter
  const next = writeVideoHeader(config, frameType, false, compositionTimeMs(frame), chosen, out, offset)
  if (config.codec === 'h264' || config.codec === 'h265') {
    return writeLengthPrefixed(frame.units, config.nalLengthSize, out, next)
  }
  out.set(frame.units[0]!, next)
  return next + frame.units[0]!.length
}

/** The difference of the rounded stamps, so that timestamp plus composition time is the rounded pts. */
function compositionTimeMs(frame: MediaFrame): number {
  if (frame.pts === frame.dts) return 0
  const difference = flvTimestampMs(frame.pts) - flvTimestampMs(frame.dts)
  return Math.max(MIN_COMPOSITION_TIME, Math.min(MAX_COMPOSITION_TIME, difference))
}

/** CodedFramesX says that pts is dts and saves the three bytes; only H.264 and H.265 have them at all. */
function hasExCompositionTime(frame: MediaFrame, spelling: FlvSpelling): boolean {
  if (spelling === 'legacy' || (frame.config.codec !== 'h264' && frame.config.codec !== 'h265')) return false
  return compositionTimeMs(frame) !== 0
}

function headerLength(config: CodecConfig, spelling: FlvSpelling): number {
  if (spelling === 'enhanced') return EX_HEADER_LENGTH
  if (config.kind === 'video') return LEGACY_VIDEO_HEADER_LENGTH
  return config.codec === 'aac' ? 2 : 1
}

function writeVideoHeader(
  config: CodecConfig & { kind: 'video' },
  frameType: number,
  isSequenceHeader: boolean,
  compositionTime: number,
  spelling: FlvSpelling,
  out: Uint8Array,
  offset: number,
): number {
  if (spelling === 'legacy') {
    out[offset] = (frameType << 4) | (config.codec === 'h265' ? LegacyVideoCodecId.hevc : LegacyVideoCodecId.avc)
    out[offset + 1] = isSequenceHeader ? LegacyPacketType.sequenceHeader : LegacyPacketType.frames
    return writeUint24(compositionTime, out, offset + 2)
  }
  const isNalCodec = config.codec === 'h264' || config.codec === 'h265'
  // Without composition time CodedFramesX and CodedFrames are the same; players know the latter for VP9 and AV1.
  const framesType = isNalCodec && compositionTime === 0 ? VideoPacketType.codedFramesX : VideoPacketType.codedFrames
  out[offset] = EX_VIDEO_FLAG | (frameType << 4) | (isSequenceHeader ? VideoPacketType.sequenceStart : framesType)
  const next = writeUint32(VIDEO_FOUR_CC[config.codec], out, offset + 1)
  return isNalCodec && compositionTime !== 0 ? writeUint24(compositionTime, out, next) : next
}

function writeAudioHeader(
  config: CodecConfig & { kind: 'audio' },
  isSequenceHeader: boolean,
  spelling: FlvSpelling,
  out: Uint8Array,
  offset: number,
): number {
  if (spelling === 'enhanced') {
    const packetType = isSequenceHeader ? AudioPacketType.sequenceStart : AudioPacketType.codedFrames
    out[offset] = (SoundFormat.exHeader << 4) | packetType
    return writeUint32(fourCcOf(config.codec), out, offset + 1)
  }
  if (isLegacySound(config.codec)) {
    out[offset] = soundByteOf(config)
    return offset + 1
  }
  if (config.codec === 'mp3') {
    out[offset] = mp3Flags(config.sampleRate, config.channels)
    return offset + 1
  }
  out[offset] = (SoundFormat.aac << 4) | AAC_FLAGS
  out[offset + 1] = isSequenceHeader ? LegacyPacketType.sequenceHeader : LegacyPacketType.frames
  return offset + 2
}

/** Only codecs with a name are spelled in the enhanced way, see `spellingOf`. */
function fourCcOf(codec: AudioCodec): number {
  return isLegacySound(codec) ? 0 : AUDIO_FOUR_CC[codec]
}

/** SoundFormat, SoundRate (0 5.5, 1 11, 2 22, 3 44 kHz; 48 kHz has no number and says 3), 16 bits, SoundType. */
function mp3Flags(sampleRate: number, channels: number): number {
  const stereo = channels > 1 ? 1 : 0
  if (sampleRate === 8000) return (SoundFormat.mp3At8kHz << 4) | 2 | stereo
  const rate = sampleRate >= 32000 ? 3 : sampleRate >= 16000 ? 2 : 1
  return (SoundFormat.mp3 << 4) | (rate << 2) | 2 | stereo
}
