import { BitReader } from '../bytes/bit-reader.js'

const FRAME_MARKER = 2
const SYNC_CODE = 0x498342
/** color_space value of RGB, which has no range bit. */
const COLOR_SPACE_RGB = 7

/** The head of a VP9 frame. */
export interface Vp9FrameHeader {
  readonly keyframe: boolean
  /** Pixels; 0 unless it is a key frame. */
  readonly width: number
  readonly height: number
}

/** Reads the uncompressed header (VP9 bitstream specification section 6.2) as far as the size; undefined when malformed. */
export function parseVp9FrameHeader(frame: Uint8Array): Vp9FrameHeader | undefined {
  const reader = new BitReader(frame)
  if (reader.bits(2) !== FRAME_MARKER) return undefined
  const profile = reader.bits(1) + 2 * reader.bits(1)
  if (profile === 3) reader.skip(1)
  const showsExisting = reader.flag()
  if (showsExisting) return reader.failed ? undefined : { keyframe: false, width: 0, height: 0 }
  const keyframe = !reader.flag()
  reader.skip(2)
  if (!keyframe) return reader.failed ? undefined : { keyframe: false, width: 0, height: 0 }
  if (reader.bits(24) !== SYNC_CODE) return undefined
  skipColorConfig(reader, profile)
  const width = reader.bits(16) + 1
  const height = reader.bits(16) + 1
  return reader.failed ? undefined : { keyframe: true, width, height }
}

/** Whether a VP9 frame is a key frame; false for a malformed one. */
export function isVp9Keyframe(frame: Uint8Array): boolean {
  return parseVp9FrameHeader(frame)?.keyframe ?? false
}

/** color_config() of section 6.2.2. */
export function skipColorConfig(reader: BitReader, profile: number): void {
  if (profile >= 2) reader.skip(1)
  const isRgb = reader.bits(3) === COLOR_SPACE_RGB
  if (!isRgb) reader.skip(1)
  // Profiles 1 and 3 say how chroma is subsampled, and end with a reserved bit.
  if (profile === 1 || profile === 3) reader.skip(isRgb ? 1 : 3)
}
