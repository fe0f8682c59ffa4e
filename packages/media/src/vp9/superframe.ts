import type { Vp9UncompressedHeader } from './uncompressed-header.js'

/** A superframe index counts at most 8 frames (VP9 bitstream specification annex B). */
export const MAX_VP9_FRAMES = 8

const SHOW_FRAME_BIT = 0x02

/**
 * Marks the frame as decoded but not shown. A decoder shows every frame with show_frame, and in a picture of several
 * spatial layers only the last one is the picture. Returns the frame itself if it is already hidden or has profile 3.
 */
export function hideVp9Frame(frame: Uint8Array, header: Vp9UncompressedHeader): Uint8Array {
  if (!header.shown || header.profile === 3) return frame
  if (header.keyframe) {
    const hidden = frame.slice()
    hidden[0] = hidden[0]! & ~SHOW_FRAME_BIT
    return hidden
  }
  // A frame that is not shown says behind the first byte whether it is intra-only: one bit more, and all others move on.
  const before = (header.bitLength + 7) >> 3
  const after = (header.bitLength + 8) >> 3
  const hidden = new Uint8Array(frame.length + after - before)
  hidden[0] = frame[0]! & ~SHOW_FRAME_BIT
  for (let at = 1; at < after; at++) {
    const carried = at === 1 ? 0 : (frame[at - 1]! & 1) << 7
    hidden[at] = carried | (at < before ? frame[at]! >> 1 : 0)
  }
  hidden.set(frame.subarray(before), after)
  return hidden
}

/** The index behind the frames of a superframe with these lengths (annex B.2): a marker, the lengths, the marker again. */
export function buildVp9SuperframeIndex(lengths: readonly number[]): Uint8Array {
  const largest = Math.max(...lengths)
  const width = largest < 0x100 ? 1 : largest < 0x1_0000 ? 2 : largest < 0x100_0000 ? 3 : 4
  const index = new Uint8Array(2 + width * lengths.length)
  const marker = 0xc0 | ((width - 1) << 3) | (lengths.length - 1)
  let offset = 0
  index[offset++] = marker
  for (const length of lengths) for (let byte = 0; byte < width; byte++) index[offset++] = length >>> (8 * byte)
  index[offset] = marker
  return index
}

/** The frames of a superframe; the whole as one frame where no index is behind it. */
export function splitVp9Superframe(bytes: Uint8Array): Uint8Array[] {
  const marker = bytes.at(-1) ?? 0
  const count = (marker & 7) + 1
  const width = ((marker >> 3) & 3) + 1
  const start = bytes.length - 2 - width * count
  if ((marker & 0xe0) !== 0xc0 || start < 0 || bytes[start] !== marker) return [bytes]
  const frames: Uint8Array[] = []
  let offset = 0
  for (let frame = 0; frame < count; frame++) {
    let length = 0
    for (let byte = 0; byte < width; byte++) length += bytes[start + 1 + frame * width + byte]! * 2 ** (8 * byte)
    if (offset + length > start) return [bytes]
    if (length > 0) frames.push(bytes.subarray(offset, offset + length))
    offset += length
  }
  return frames.length === 0 ? [bytes] : frames
}
