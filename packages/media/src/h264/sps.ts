import { BitReader } from '../bytes/bit-reader.js'
import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import { isAcceptablePictureSize } from '../model/picture-limits.js'
import { H264NalType, h264NalType } from './nal.js'
import { parseH264Vui } from './vui.js'

/** A sequence parameter set of an honest encoder has 10 to 60 bytes, with all scaling lists some 200. */
export const MAX_SPS_BYTES = 256
/** seq_parameter_set_id is 0 to 31. */
export const MAX_SPS_COUNT = 32
/** num_ref_frames_in_pic_order_cnt_cycle is 0 to 255 (ITU-T H.264 section 7.4.2.1.1). */
const MAX_ORDER_COUNT_CYCLE = 255
const MAX_REFERENCE_FRAMES = 16
const MACROBLOCK = 16
const PROFILE_BASELINE = 66
/** profile_idc values whose SPS has chroma_format_idc and scaling matrices (section 7.3.2.1.1). */
const HIGH_PROFILES: readonly number[] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]

/** The facts of a sequence parameter set (ITU-T H.264 section 7.3.2.1.1). */
export interface H264Sps {
  readonly id: number
  readonly profileIdc: number
  /** The byte of constraint_set0_flag … constraint_set5_flag. */
  readonly constraintFlags: number
  readonly levelIdc: number
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  readonly picOrderCntType: number
  /** Pixels after cropping. */
  readonly width: number
  readonly height: number
  /** frame_mbs_only_flag: no fields. */
  readonly progressive: boolean
  /** See VideoConfig.reorderFrames. */
  readonly reorderFrames: number | undefined
  readonly frameRate: number | undefined
}

/** Reads a sequence parameter set NAL unit; undefined when it is malformed or a value is beyond its limit. */
export function parseSps(nal: Uint8Array): H264Sps | undefined {
  if (nal.length < 4 || nal.length > MAX_SPS_BYTES || h264NalType(nal) !== H264NalType.sps) return undefined
  const reader = new BitReader(removeEmulationPrevention(nal, 1, MAX_SPS_BYTES))
  const profileIdc = reader.bits(8)
  const constraintFlags = reader.bits(8)
  const levelIdc = reader.bits(8)
  const id = reader.unsignedExpGolomb()
  const format = HIGH_PROFILES.includes(profileIdc) ? parseChromaFormat(reader) : BASIC_FORMAT
  if (id >= MAX_SPS_COUNT || format === undefined || reader.unsignedExpGolomb() > 12) return undefined
  const picOrderCntType = parsePicOrderCnt(reader)
  if (picOrderCntType === undefined || reader.unsignedExpGolomb() > MAX_REFERENCE_FRAMES) return undefined
  reader.skip(1)
  const size = parseSize(reader, format.chromaFormatIdc)
  if (size === undefined) return undefined
  const hasVui = reader.flag()
  if (reader.failed) return undefined
  const vui = hasVui ? parseH264Vui(reader) : {}
  if (vui === undefined) return undefined
  const neverReorders = profileIdc === PROFILE_BASELINE || picOrderCntType === 2
  return {
    id,
    profileIdc,
    constraintFlags,
    levelIdc,
    ...format,
    picOrderCntType,
    ...size,
    reorderFrames: neverReorders ? 0 : vui.reorderFrames,
    frameRate: vui.frameRate,
  }
}

interface ChromaFormat {
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
}

const BASIC_FORMAT: ChromaFormat = { chromaFormatIdc: 1, bitDepthLuma: 8, bitDepthChroma: 8 }

function parseChromaFormat(reader: BitReader): ChromaFormat | undefined {
  const chromaFormatIdc = reader.unsignedExpGolomb()
  if (chromaFormatIdc > 3) return undefined
  if (chromaFormatIdc === 3) reader.skip(1)
  const bitDepthLuma = 8 + reader.unsignedExpGolomb()
  const bitDepthChroma = 8 + reader.unsignedExpGolomb()
  if (bitDepthLuma > 14 || bitDepthChroma > 14) return undefined
  reader.skip(1)
  if (reader.flag()) skipScalingMatrix(reader, chromaFormatIdc === 3 ? 12 : 8)
  return { chromaFormatIdc, bitDepthLuma, bitDepthChroma }
}

function skipScalingMatrix(reader: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64)
}

/** scaling_list() of section 7.3.2.1.1.1: a delta is read until the next scale becomes 0. */
function skipScalingList(reader: BitReader, size: number): void {
  let last = 8
  for (let index = 0; index < size; index++) {
    const next = (last + reader.signedExpGolomb()) & 0xff
    if (next === 0 || reader.failed) return
    last = next
  }
}

function parsePicOrderCnt(reader: BitReader): number | undefined {
  const type = reader.unsignedExpGolomb()
  if (type > 2) return undefined
  if (type === 0 && reader.unsignedExpGolomb() > 12) return undefined
  if (type === 1) {
    reader.skip(1)
    reader.signedExpGolomb()
    reader.signedExpGolomb()
    const cycle = reader.unsignedExpGolomb()
    if (cycle > MAX_ORDER_COUNT_CYCLE) return undefined
    for (let index = 0; index < cycle && !reader.failed; index++) reader.signedExpGolomb()
  }
  return type
}

function parseSize(
  reader: BitReader,
  chromaFormatIdc: number,
): { width: number; height: number; progressive: boolean } | undefined {
  const codedWidth = (reader.unsignedExpGolomb() + 1) * MACROBLOCK
  const mapUnits = reader.unsignedExpGolomb() + 1
  const progressive = reader.flag()
  if (!progressive) reader.skip(1)
  reader.skip(1)
  const codedHeight = mapUnits * MACROBLOCK * (progressive ? 1 : 2)
  if (reader.failed || !isAcceptablePictureSize(codedWidth, codedHeight)) return undefined
  if (!reader.flag()) return { width: codedWidth, height: codedHeight, progressive }
  // Table 6-1: crop offsets count chroma samples, and in fields every second line.
  const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1
  const unitY = (chromaFormatIdc === 1 ? 2 : 1) * (progressive ? 1 : 2)
  const width = codedWidth - unitX * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb())
  const height = codedHeight - unitY * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb())
  return isAcceptablePictureSize(width, height) ? { width, height, progressive } : undefined
}
