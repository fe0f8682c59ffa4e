import type { VideoConfig } from '../model/frame.js'
import { isAcceptablePictureSize } from '../model/picture-limits.js'
import { optionalVideoFields, type VideoHints } from '../model/video-hints.js'
import { parseVp8FrameHeader } from './frame-header.js'

/**
 * The config that a VP8 key frame implies: `current` when the size is unchanged, undefined if the frame is not a key
 * frame, is malformed, or its picture beyond the limits. dts order is always display order.
 */
export function videoConfigFromVp8Keyframe(
  frame: Uint8Array,
  current: VideoConfig | undefined,
  hints: VideoHints = {},
): VideoConfig | undefined {
  const header = parseVp8FrameHeader(frame)
  if (!header?.keyframe || !isAcceptablePictureSize(header.width, header.height)) return undefined
  if (current?.width === header.width && current.height === header.height) return current
  return {
    kind: 'video',
    codec: 'vp8',
    description: new Uint8Array(0),
    parameterSets: [],
    nalLengthSize: 4,
    width: header.width,
    height: header.height,
    codecString: 'vp8',
    orientation: hints.orientation ?? 0,
    ...optionalVideoFields(hints, undefined, 0),
  }
}
