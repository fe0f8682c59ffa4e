import type { VideoConfig } from '../model/frame.js'
import { isAcceptablePictureSize } from '../model/picture-limits.js'
import { optionalVideoFields, type VideoHints } from '../model/video-hints.js'
import { isVp9Keyframe, parseVp9FrameHeader } from './frame-header.js'
import { splitVp9Superframe } from './superframe.js'
import { Vp9HeaderReader, type Vp9Size } from './uncompressed-header.js'

/** Version and flags of the MP4 box, profile, level, depth, three colour bytes, size of initialization data. */
const RECORD_LENGTH = 12
/** Initialization data must be empty (VP Codec ISO Media File Format Binding, section "VP Codec Configuration Box"). */
const MAX_RECORD_LENGTH = 64

/**
 * A config from a VPCodecConfigurationRecord as FLV carries it, with the version and flags of its MP4 box. The size stays 0
 * until a key frame tells. Undefined when the record is malformed.
 */
export function videoConfigFromVp9Record(record: Uint8Array, hints: VideoHints = {}): VideoConfig | undefined {
  if (record.length < RECORD_LENGTH || record.length > MAX_RECORD_LENGTH || record[0] !== 1) return undefined
  const [profile, level, bitDepth] = [record[4]!, record[5]!, record[6]! >> 4]
  if (profile > 3) return undefined
  const digits = [profile, level, bitDepth].map((value) => value.toString().padStart(2, '0'))
  return {
    kind: 'video',
    codec: 'vp9',
    description: record.slice(),
    parameterSets: [],
    nalLengthSize: 4,
    width: 0,
    height: 0,
    codecString: `vp09.${digits.join('.')}`,
    orientation: hints.orientation ?? 0,
    ...optionalVideoFields(hints, undefined, 0),
  }
}

/**
 * `current` with the size of a key frame's picture, which of a superframe is the last one's: the same object when it
 * is unchanged, undefined when there is no `current`, or the frame is not a key frame, is malformed, or its picture
 * beyond the limits.
 */
export function videoConfigFromVp9Keyframe(
  frame: Uint8Array,
  current: VideoConfig | undefined,
): VideoConfig | undefined {
  if (current === undefined || !isVp9Keyframe(frame)) return undefined
  const size = pictureSize(frame)
  if (size === undefined || !isAcceptablePictureSize(size.width, size.height)) return undefined
  if (current.width === size.width && current.height === size.height) return current
  return { ...current, width: size.width, height: size.height }
}

/** Of the last frame that can be read, and of the first where nothing else can. */
function pictureSize(superframe: Uint8Array): Vp9Size | undefined {
  const headers = new Vp9HeaderReader()
  let size: Vp9Size | undefined
  for (const frame of splitVp9Superframe(superframe)) {
    size = headers.read(frame) ?? size ?? parseVp9FrameHeader(frame)
    if (size !== undefined && !isAcceptablePictureSize(size.width, size.height)) return undefined
  }
  return size
}
