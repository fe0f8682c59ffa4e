export type {
  AudioCodec,
  AudioConfig,
  AudioFrame,
  CodecConfig,
  FlvSpelling,
  MediaFrame,
  Micros,
  Orientation,
  VideoCodec,
  VideoConfig,
  VideoFrame,
} from './model/frame.js'
export { isAudioFrame, isVideoFrame } from './model/frame.js'
export type { Machine } from './model/machine.js'
export { parseAmf0Values } from './amf0/reader.js'
export { Amf0Date, DEFAULT_AMF0_LIMITS, EcmaArray } from './amf0/value.js'
export type { Amf0Limits, Amf0Object, Amf0Value } from './amf0/value.js'
export { byteLengthOfAmf0Value, encodeAmf0Values, writeAmf0Value } from './amf0/writer.js'
export { byteLengthOfUtf8, decodeUtf8, encodeUtf8, writeUtf8 } from './bytes/utf8.js'
