import { BitReader } from '../bytes/bit-reader.js'
import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import { isAcceptablePictureSize } from '../model/picture-limits.js'
import { H265_NAL_HEADER_LENGTH, H265NalType, h265NalType } from './nal.js'

/** VPS and PPS have some 30 bytes; an SPS with its reference picture sets and scaling lists stays below this. */
export const MAX_H265_PARAMETER_SET_BYTES = 512
/** sps_seq_parameter_set_id is 0 to 15. */
export const MAX_H265_SPS_COUNT = 16
/** general_profile_space … general_level_idc: the first 12 bytes of profile_tier_level(). */
export const PROFILE_TIER_LEVEL_LENGTH = 12
/** Before it: sps_video_parameter_set_id, sps_max_sub_layers_minus1, sps_temporal_id_nesting_flag. */
const PROFILE_TIER_LEVEL_OFFSET = 1
/** sps_max_dec_pic_buffering is at most 16. */
const MAX_REORDER_FRAMES = 15

/** The facts of a sequence parameter set (ITU-T H.265 section 7.3.2.2.1). */
export interface H265Sps {
  readonly id: number
  /** sps_max_sub_layers_minus1 + 1. */
  readonly temporalLayers: number
  readonly temporalIdNested: boolean
  /** The first 12 bytes of profile_tier_level(): the form in which the decoder configuration record repeats them. */
  readonly profileTierLevel: Uint8Array
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** Pixels after the conformance window. */
  readonly width: number
  readonly height: number
  /** sps_max_num_reorder_pics of the highest layer. */
  readonly reorderFrames: number
}

/** Reads a sequence parameter set NAL unit; undefined when it is malformed or a value is beyond its limit. */
export function parseH265Sps(nal: Uint8Array): H265Sps | undefined {
  if (nal.length > MAX_H265_PARAMETER_SET_BYTES || nal.length < H265_NAL_HEADER_LENGTH) return undefined
  if (h265NalType(nal) !== H265NalType.sps) return undefined
  const payload = removeEmulationPrevention(nal, H265_NAL_HEADER_LENGTH, MAX_H265_PARAMETER_SET_BYTES)
  const reader = new BitReader(payload)
  reader.skip(4)
  const temporalLayers = reader.bits(3) + 1
  const temporalIdNested = reader.flag()
  skipProfileTierLevel(reader, temporalLayers)
  const id = reader.unsignedExpGolomb()
  const chromaFormatIdc = reader.unsignedExpGolomb()
  if (id >= MAX_H265_SPS_COUNT || chromaFormatIdc > 3) return undefined
  if (chromaFormatIdc === 3) reader.skip(1)
  const size = parseSize(reader, chromaFormatIdc)
  const bitDepthLuma = 8 + reader.unsignedExpGolomb()
  const bitDepthChroma = 8 + reader.unsignedExpGolomb()
  if (size === undefined || bitDepthLuma > 15 || bitDepthChroma > 15) return undefined
  if (reader.unsignedExpGolomb() > 12) return undefined
  const reorderFrames = parseReorderFrames(reader, temporalLayers)
  if (reader.failed || reorderFrames > MAX_REORDER_FRAMES) return undefined
  const profileTierLevel = payload.slice(
    PROFILE_TIER_LEVEL_OFFSET,
    PROFILE_TIER_LEVEL_OFFSET + PROFILE_TIER_LEVEL_LENGTH,
  )
  return {
    id,
    temporalLayers,
    temporalIdNested,
    profileTierLevel,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    ...size,
    reorderFrames,
  }
}

/** profile_tier_level() of section 7.3.3 with the profile present. */
function skipProfileTierLevel(reader: BitReader, temporalLayers: number): void {
  reader.skip(PROFILE_TIER_LEVEL_LENGTH * 8)
  const subLayers = temporalLayers - 1
  if (subLayers === 0) return
  let bits = 0
  for (let layer = 0; layer < 8; layer++) {
    const flags = reader.bits(2)
    if (layer < subLayers) bits += (flags & 2 ? 88 : 0) + (flags & 1 ? 8 : 0)
  }
  reader.skip(bits)
}

function parseSize(reader: BitReader, chromaFormatIdc: number): { width: number; height: number } | undefined {
  const codedWidth = reader.unsignedExpGolomb()
  const codedHeight = reader.unsignedExpGolomb()
  if (!isAcceptablePictureSize(codedWidth, codedHeight)) return undefined
  if (!reader.flag()) return { width: codedWidth, height: codedHeight }
  // Table 6-1: the window counts chroma samples.
  const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1
  const unitY = chromaFormatIdc === 1 ? 2 : 1
  const width = codedWidth - unitX * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb())
  const height = codedHeight - unitY * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb())
  return isAcceptablePictureSize(width, height) ? { width, height } : undefined
}

/** The last of the sub-layer entries is that of the highest layer. */
function parseReorderFrames(reader: BitReader, temporalLayers: number): number {
  const entries = reader.flag() ? temporalLayers : 1
  let reorderFrames = 0
  for (let entry = 0; entry < entries; entry++) {
    reader.unsignedExpGolomb()
    reorderFrames = reader.unsignedExpGolomb()
    reader.unsignedExpGolomb()
  }
  return reorderFrames
}
