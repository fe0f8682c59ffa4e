import type { Micros } from '../machine/index.js'

export type VideoCodec = 'h264' | 'h265' | 'vp8' | 'vp9' | 'av1'
/** The second row has been in FLV since Flash: decoded for listeners, never sent. */
export type AudioCodec = 'aac' | 'opus' | 'mp3' | 'pcma' | 'pcmu' | 'pcm' | 'adpcm' | 'nellymoser' | 'speex'

/** Clockwise turn, in degrees, that a player applies before showing the picture. */
export type Orientation = 0 | 90 | 180 | 270

/**
 * How FLV names a codec: `legacy` is the 4-bit id of FLV v10.1 (and id 12 for HEVC, as encoders in China send it),
 * `enhanced` the FourCC of Enhanced RTMP v2. A muxer that writes FLV keeps the publisher's spelling.
 */
export type FlvSpelling = 'legacy' | 'enhanced'

/**
 * The data that a decoder needs before the first video frame. Compared by identity: a new sequence header makes a new
 * object, and a muxer writes its header when `frame.config !== last`.
 */
export interface VideoConfig {
  readonly kind: 'video'
  readonly codec: VideoCodec
  /**
   * The codec's configuration record: AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1),
   * HEVCDecoderConfigurationRecord (section 8.3.3.1), av1C or vpcC. Empty for VP8.
   */
  readonly description: Uint8Array
  /** NAL units without start code or length: SPS then PPS for H.264; VPS, SPS, PPS for H.265; empty for other codecs. */
  readonly parameterSets: readonly Uint8Array[]
  /** Bytes of the length before each NAL unit where lengths are used (FLV, MP4). 4 for codecs without NAL units. */
  readonly nalLengthSize: 1 | 2 | 4
  /** Pixels after cropping; 0 when the record does not tell. */
  readonly width: number
  readonly height: number
  /** RFC 6381 codecs parameter, such as `avc1.64001f`. */
  readonly codecString: string
  /**
   * Frames a decoder must hold back to restore the output order: 0 promises that dts order is display order,
   * undefined means that the bitstream does not tell.
   */
  readonly reorderFrames?: number
  readonly orientation: Orientation
  /** Frames per second as the publisher announced or the bitstream says; absent when unknown. */
  readonly frameRate?: number
  /** Bits per second as the publisher announced; absent when unknown. */
  readonly bitrate?: number
  readonly flvSpelling?: FlvSpelling
}

/** The data that a decoder needs before the first audio frame. Compared by identity, as VideoConfig. */
export interface AudioConfig {
  readonly kind: 'audio'
  readonly codec: AudioCodec
  /** AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1) for AAC, OpusHead body (RFC 7845 section 5.1) for Opus, else empty. */
  readonly description: Uint8Array
  /** Hz. Always 48000 for Opus. */
  readonly sampleRate: number
  readonly channels: number
  /** Samples per channel in one frame: 1024 (or 960) for AAC, 1152 or 576 for MP3; 0 where it varies. */
  readonly samplesPerFrame: number
  readonly codecString: string
  readonly bitrate?: number
  readonly flvSpelling?: FlvSpelling
}

export type CodecConfig = VideoConfig | AudioConfig

/** A message of a publisher to its players that is neither picture nor sound: `onTextData`, `onCuePoint`, `onCaption`, … */
export interface ScriptData {
  /** AMF0, as it came. */
  readonly body: Uint8Array
  /** Its time, from the dts of the frame that it travels with. */
  readonly offset: Micros
}

/** One video access unit or one coded audio frame. Immutable: it is shared by every subscriber. */
export interface MediaFrame<Config extends CodecConfig = CodecConfig> {
  readonly config: Config
  readonly pts: Micros
  readonly dts: Micros
  /** Every decoder may start here. Always true for audio. */
  readonly keyframe: boolean
  /**
   * A recovery point (intra refresh, open GOP): no keyframe, but a lenient decoder that starts here shows whole pictures
   * after so many more. Absent elsewhere.
   */
  readonly recovery?: number
  /** NAL units (no start codes, no lengths) for H.264 and H.265; exactly one element for every other codec. */
  readonly units: readonly Uint8Array[]
  /** The server's monotonic clock when the last byte arrived: delay is measured from here. */
  readonly receivedAt: Micros
  /** When the picture or sound was taken, on the server's clock, if the sender says so. */
  readonly captureTime?: Micros
  /** No other frame refers to this one: it can be left out without harm. */
  readonly droppable: boolean
  /** Loudness in -dBov, 0 (loudest) to 127 (silence), RFC 6464. */
  readonly audioLevel?: number
  /** Script data from the publisher between the previous frame and this one; for FLV and RTMP players. */
  readonly script?: readonly ScriptData[]
}

export type VideoFrame = MediaFrame<VideoConfig>
export type AudioFrame = MediaFrame<AudioConfig>

export function isVideoFrame(frame: MediaFrame): frame is VideoFrame {
  return frame.config.kind === 'video'
}

/** Whether a lenient decoder, such as ffmpeg's, may start at the frame. */
export function isEntryPoint(frame: MediaFrame): boolean {
  return frame.keyframe || frame.recovery !== undefined
}

export function isAudioFrame(frame: MediaFrame): frame is AudioFrame {
  return frame.config.kind === 'audio'
}
