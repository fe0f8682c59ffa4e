/** Why a tag was refused. `code` is stable; `message` is for the log. */
export interface FlvTagError {
  readonly code: FlvTagErrorCode
  readonly message: string
  /** The tag makes no sense, as opposed to sense that is not carried, or not yet: only nonsense is held against a publisher. */
  readonly isGarbage: boolean
}

export type FlvTagErrorCode =
  | 'FLV_MALFORMED_TAG'
  | 'FLV_UNKNOWN_TAG_TYPE'
  | 'FLV_UNSUPPORTED_CODEC'
  | 'FLV_BAD_SEQUENCE_HEADER'
  | 'FLV_NO_SEQUENCE_HEADER'
  | 'FLV_BAD_FRAME'
  | 'FLV_BAD_SCRIPT_DATA'

/** One object per cause: a peer that sends nothing but bad tags costs no memory. */
export const flvTagErrors = {
  malformedTag: { code: 'FLV_MALFORMED_TAG', message: 'The tag ends inside its own header.', isGarbage: true },
  unknownTagType: {
    code: 'FLV_UNKNOWN_TAG_TYPE',
    message: 'The tag type is none of 8 (audio), 9 (video), 18 (script).',
    isGarbage: true,
  },
  unsupportedVideo: {
    code: 'FLV_UNSUPPORTED_CODEC',
    message: 'The video codec is none of H.264 (7, avc1), H.265 (12, hvc1), VP8 (vp08), VP9 (vp09), AV1 (av01).',
    isGarbage: false,
  },
  unsupportedAudio: {
    code: 'FLV_UNSUPPORTED_CODEC',
    message: 'The audio codec is none of those of FLV (AAC, MP3, Opus, G.711, PCM, ADPCM, Nellymoser, Speex).',
    isGarbage: false,
  },
  badVideoHeader: {
    code: 'FLV_BAD_SEQUENCE_HEADER',
    message:
      'The decoder configuration is malformed, or its picture is not within 16 to 8192 pixels and 36864 macroblocks.',
    isGarbage: false,
  },
  badAudioHeader: {
    code: 'FLV_BAD_SEQUENCE_HEADER',
    message:
      'The audio configuration is malformed, or not AAC Main/LC/SSR/LTP/LD or Opus with 1 to 8 channels, 7350 to 96000 Hz.',
    isGarbage: false,
  },
  videoBeforeHeader: {
    code: 'FLV_NO_SEQUENCE_HEADER',
    message: 'A video frame came before its sequence header.',
    isGarbage: false,
  },
  audioBeforeHeader: {
    code: 'FLV_NO_SEQUENCE_HEADER',
    message: 'An audio frame came before its sequence header.',
    isGarbage: false,
  },
  badNalLengths: {
    code: 'FLV_BAD_FRAME',
    message: 'A NAL unit length points past the end of the tag, or there are more than 512 units.',
    isGarbage: true,
  },
  badVideoFrame: {
    code: 'FLV_BAD_FRAME',
    message: 'The video frame is empty or its header is malformed.',
    isGarbage: true,
  },
  badAudioFrame: {
    code: 'FLV_BAD_FRAME',
    message: 'The audio frame is empty or its header is malformed.',
    isGarbage: true,
  },
  badScriptData: {
    code: 'FLV_BAD_SCRIPT_DATA',
    message: 'The script data is not AMF0 within its limits.',
    isGarbage: true,
  },
} as const satisfies Record<string, FlvTagError>
