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
