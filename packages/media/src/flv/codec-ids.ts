import type { AudioCodec, VideoCodec } from '../model/frame.js'

/** TagType of an FLV tag, the same numbers as the RTMP message types (FLV v10.1 section E.4.1). */
export const FlvTagType = { audio: 8, video: 9, script: 18 } as const

/**
 * CodecID of the legacy video tag header (section E.4.3.1); 12 is not standard, but encoders and players in China use
 * it.
 */
export const LegacyVideoCodecId = { avc: 7, hevc: 12 } as const

/** SoundFormat of the audio tag header (section E.4.2.1); 9 introduces the Enhanced RTMP v2 header. */
export const SoundFormat = {
  pcmPlatform: 0,
  adpcm: 1,
  mp3: 2,
  pcm: 3,
  nellymoser16kHz: 4,
  nellymoser8kHz: 5,
  nellymoser: 6,
  aLaw: 7,
  muLaw: 8,
  exHeader: 9,
  aac: 10,
  speex: 11,
  mp3At8kHz: 14,
} as const

/** FrameType of a video tag (section E.4.3.1). */
export const VideoFrameType = { key: 1, inter: 2, disposableInter: 3, generatedKey: 4, command: 5 } as const

/** AVCPacketType and AACPacketType (sections E.4.3.1, E.4.2.1). */
export const LegacyPacketType = { sequenceHeader: 0, frames: 1, endOfSequence: 2 } as const

/** VideoPacketType of Enhanced RTMP v2. */
export const VideoPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
  modEx: 7,
} as const

/** AudioPacketType of Enhanced RTMP v2. */
export const AudioPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  multichannelConfig: 4,
  multitrack: 5,
  modEx: 7,
} as const

/** AvMultitrackType of Enhanced RTMP v2. */
export const MultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const

/** FourCC of the codecs that are carried, as big-endian numbers. */
export const FourCc = {
  avc1: 0x61766331,
  hvc1: 0x68766331,
  vp08: 0x76703038,
  vp09: 0x76703039,
  av01: 0x61763031,
  mp4a: 0x6d703461,
  opus: 0x4f707573,
  mp3: 0x2e6d7033,
} as const

export const VIDEO_FOUR_CC: Readonly<Record<VideoCodec, number>> = {
  h264: FourCc.avc1,
  h265: FourCc.hvc1,
  vp8: FourCc.vp08,
  vp9: FourCc.vp09,
  av1: FourCc.av01,
}

/** Codecs that Enhanced RTMP has a name for. */
export const AUDIO_FOUR_CC: Readonly<Record<Extract<AudioCodec, 'aac' | 'opus' | 'mp3'>, number>> = {
  aac: FourCc.mp4a,
  opus: FourCc.opus,
  mp3: FourCc.mp3,
}
