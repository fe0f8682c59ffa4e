export type {
  AudioCodec,
  AudioConfig,
  AudioFrame,
  CodecConfig,
  FlvSpelling,
  MediaFrame,
  Orientation,
  ScriptData,
  VideoCodec,
  VideoConfig,
  VideoFrame,
} from './model/frame.js'
export { isAudioFrame, isEntryPoint, isVideoFrame } from './model/frame.js'
export {
  Driver,
  Outbox,
  type DriverClock,
  type DriverHandlers,
  type Machine,
  type Micros,
  type Polled,
} from './machine/index.js'
export { parseAmf0Values } from './amf0/reader.js'
export { Amf0Date, DEFAULT_AMF0_LIMITS, EcmaArray } from './amf0/value.js'
export type { Amf0Limits, Amf0Object, Amf0Value } from './amf0/value.js'
export { byteLengthOfAmf0Value, encodeAmf0Values, writeAmf0Value } from './amf0/writer.js'
export { byteLengthOfUtf8, decodeUtf8, encodeUtf8, writeUtf8 } from './bytes/utf8.js'
export { ADTS_HEADER_LENGTH, audioConfigFromAdts, isAdtsWritable, parseAdtsFrame, writeAdtsHeader } from './aac/adts.js'
export type { AdtsFrame } from './aac/adts.js'
export {
  AacObjectType,
  audioConfigFromAac,
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from './aac/audio-specific-config.js'
export type { AudioSpecificConfig } from './aac/audio-specific-config.js'
export { silentAacConfig, silentAacFrame } from './aac/silence.js'
export { videoConfigFromAv1Record } from './av1/config.js'
export { isAv1Keyframe, ObuType, parseObus } from './av1/obu.js'
export type { Obu } from './av1/obu.js'
export { parseAv1SequenceHeader } from './av1/sequence-header.js'
export type { Av1SequenceHeader } from './av1/sequence-header.js'
export {
  readInt24,
  readUint16,
  readUint24,
  readUint32,
  writeUint16,
  writeUint24,
  writeUint32,
} from './bytes/big-endian.js'
export { BitReader } from './bytes/bit-reader.js'
export { BitWriter } from './bytes/bit-writer.js'
export { insertEmulationPrevention, removeEmulationPrevention } from './bytes/emulation-prevention.js'
export { bytesEqual } from './bytes/equality.js'
export { isLegacySound, samplesOfLegacySound } from './flv/legacy-sound.js'
export type { LegacySoundCodec } from './flv/legacy-sound.js'
export { AccessUnitJoiner } from './flv/access-unit-joiner.js'
export {
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  flvTimestampMs,
  writeConfigBody,
  writeFrameBody,
} from './flv/body-writer.js'
export { FlvTagType } from './flv/codec-ids.js'
export type { FlvTagError, FlvTagErrorCode } from './flv/errors.js'
export {
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  FLV_PREVIOUS_TAG_SIZE_LENGTH,
  FLV_TAG_HEADER_LENGTH,
  writeFileHeader,
  writePreviousTagSize,
  writeTagHeader,
} from './flv/file-format.js'
export type { FlvFileFlags } from './flv/file-format.js'
export { buildMetadataBody, parseMetadataBody } from './flv/metadata.js'
export type { FlvMetadata, MetadataContent } from './flv/metadata.js'
export { isLegacyWritable, spellingOf } from './flv/spelling.js'
export { FlvStreamReader } from './flv/stream-reader.js'
export type { FlvTag } from './flv/stream-reader.js'
export { FlvTagReader } from './flv/tag-reader.js'
export type { FlvTagCounters } from './flv/tag-reader.js'
export { videoConfigFromAvcRecord, videoConfigFromH264 } from './h264/config.js'
export { buildAvcDecoderConfiguration, parseAvcDecoderConfiguration } from './h264/decoder-configuration.js'
export type { AvcDecoderConfiguration } from './h264/decoder-configuration.js'
export { H264NalType, h264NalRefIdc, h264NalType, hasIdr, isH264Droppable } from './h264/nal.js'
export { h264ParameterSets } from './h264/parameter-sets.js'
export { parsePpsIds } from './h264/pps.js'
export { h264Recovery } from './h264/recovery.js'
export { hasBSlice, isBSlice, sliceType } from './h264/slice-header.js'
export type { SliceType } from './h264/slice-header.js'
export { parseSps } from './h264/sps.js'
export type { H264Sps } from './h264/sps.js'
export { temporalLayersOf, videoConfigFromH265, videoConfigFromHevcRecord } from './h265/config.js'
export { buildHevcDecoderConfiguration, parseHevcDecoderConfiguration } from './h265/decoder-configuration.js'
export type { HevcDecoderConfiguration } from './h265/decoder-configuration.js'
export { h265Recovery } from './h265/recovery.js'
export {
  H265_NAL_HEADER_LENGTH,
  H265NalType,
  h265NalType,
  h265TemporalId,
  hasIrap,
  isCarriedH265,
  isH265Droppable,
} from './h265/nal.js'
export { h265ParameterSets } from './h265/parameter-sets.js'
export { parseH265Sps } from './h265/sps.js'
export type { H265Sps } from './h265/sps.js'
export { AudioSampleClock } from './model/audio-clock.js'
export type { AudioHints } from './model/audio-hints.js'
export { isAcceptablePictureSize } from './model/picture-limits.js'
export type { VideoHints } from './model/video-hints.js'
export { audioConfigFromMp3 } from './mp3/config.js'
export { countMp3Frames, parseMp3FrameHeader } from './mp3/frame-header.js'
export type { Mp3FrameHeader } from './mp3/frame-header.js'
export { byteLengthOfAnnexB, splitAnnexB, writeAnnexB } from './nal/annexb.js'
export {
  byteLengthOfLengthPrefixed,
  MAX_NAL_UNITS,
  splitLengthPrefixed,
  writeLengthPrefixed,
} from './nal/length-prefixed.js'
export type { NalLengthSize } from './nal/length-prefixed.js'
export { ParameterSetTracker } from './nal/parameter-set-tracker.js'
export type { ParameterSetCodec } from './nal/parameter-set-tracker.js'
export { audioConfigFromOpusHead, buildOpusHead, parseOpusHead } from './opus/opus-head.js'
export type { OpusHead } from './opus/opus-head.js'
export { MAX_OPUS_PACKET_SAMPLES, OPUS_SAMPLE_RATE, opusFrameSamples, opusPacketSamples } from './opus/toc.js'
export { videoConfigFromVp8Keyframe } from './vp8/config.js'
export { isVp8Keyframe, parseVp8FrameHeader } from './vp8/frame-header.js'
export type { Vp8FrameHeader } from './vp8/frame-header.js'
export { videoConfigFromVp9Keyframe, videoConfigFromVp9Record } from './vp9/config.js'
export { isVp9Keyframe, parseVp9FrameHeader } from './vp9/frame-header.js'
export type { Vp9FrameHeader } from './vp9/frame-header.js'
export { configFromJson, configToJson } from './wire/config-json.js'
export { wireLimits } from './wire/limits.js'
export {
  byteLengthOfFrameMessage,
  controlMessage,
  FRAME_MESSAGE,
  frameMessage,
  isWarmUp,
  parseControl,
  parseFrameMessage,
  WIRE_HEADER_LENGTH,
  writeWireHeader,
} from './wire/message.js'
export type { WireMessage } from './wire/message.js'
export { WireReader } from './wire/wire-reader.js'
export { buildVp9SuperframeIndex, hideVp9Frame, MAX_VP9_FRAMES, splitVp9Superframe } from './vp9/superframe.js'
export { Vp9HeaderReader } from './vp9/uncompressed-header.js'
export type { Vp9Size, Vp9UncompressedHeader } from './vp9/uncompressed-header.js'
export {
  type BoxPlace,
  type FragmentTrack,
  readBox,
  readBoxes,
  readFragmentTracks,
  readTimescales,
} from './mp4/box-reader.js'
export { type Fragment, Fragmenter } from './mp4/fragmenter.js'
export { initSegment, type Mp4Tracks } from './mp4/init-segment.js'
export { isMp4Writable, isSameMp4Track } from './mp4/sample-entry.js'
