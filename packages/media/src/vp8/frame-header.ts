/** Frame tag, start code, width and height of a key frame (RFC 6386 section 9.1). */
const KEYFRAME_HEADER_LENGTH = 10
const FRAME_TAG_LENGTH = 3

/** The head of a VP8 frame. */
export interface Vp8FrameHeader {
  readonly keyframe: boolean
  /** Pixels; 0 unless it is a key frame. */
  readonly width: number
  readonly height: number
}

/** Reads the head of a VP8 frame (RFC 6386 section 9.1); undefined when it is cut short or the start code is missing. */
export function parseVp8FrameHeader(frame: Uint8Array): Vp8FrameHeader | undefined {
  if (frame.length < FRAME_TAG_LENGTH) return undefined
  if ((frame[0]! & 1) === 1) return { keyframe: false, width: 0, height: 0 }
  if (frame.length < KEYFRAME_HEADER_LENGTH) return undefined
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return undefined
  // Little-endian; the upper two bits request scaling.
  const width = (frame[6]! | (frame[7]! << 8)) & 0x3fff
  const height = (frame[8]! | (frame[9]! << 8)) & 0x3fff
  return { keyframe: true, width, height }
}

/** Whether a VP8 frame is a key frame; false for a malformed one. */
export function isVp8Keyframe(frame: Uint8Array): boolean {
  return parseVp8FrameHeader(frame)?.keyframe ?? false
}
