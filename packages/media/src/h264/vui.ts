import type { BitReader } from '../bytes/bit-reader.js'
import { frameRateOf } from '../model/picture-limits.js'

/** cpb_cnt_minus1 (ITU-T H.264 section E.2.2) allows no more; a greater value is an attack on the loop. */
const MAX_CPB_COUNT = 32
const EXTENDED_SAR = 255
/** max_num_reorder_frames is at most MaxDpbFrames. */
const MAX_REORDER_FRAMES = 16

/** The video usability information that a server uses (ITU-T H.264 section E.1.1). */
export interface H264Vui {
  frameRate?: number
  /** max_num_reorder_frames of bitstream_restriction. */
  reorderFrames?: number
}

/**
 * Reads vui_parameters(). Many encoders truncate it, so everything read before the end counts. Undefined when a value
 * exceeds its limit.
 */
export function parseH264Vui(reader: BitReader): H264Vui | undefined {
  const vui: H264Vui = {}
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.skip(32)
  if (reader.flag()) reader.skip(1)
  if (reader.flag()) skipVideoSignalType(reader)
  if (reader.flag()) {
    reader.unsignedExpGolomb()
    reader.unsignedExpGolomb()
  }
  if (reader.flag()) parseTiming(reader, vui)
  const hasNalHrd = reader.flag()
  if (hasNalHrd && !skipHrd(reader)) return undefined
  const hasVclHrd = reader.flag()
  if (hasVclHrd && !skipHrd(reader)) return undefined
  if (hasNalHrd || hasVclHrd) reader.skip(1)
  reader.skip(1)
  if (!reader.flag()) return vui
  reader.skip(1)
  for (let index = 0; index < 4; index++) reader.unsignedExpGolomb()
  const reorderFrames = reader.unsignedExpGolomb()
  if (reorderFrames > MAX_REORDER_FRAMES) return undefined
  if (!reader.failed) vui.reorderFrames = reorderFrames
  return vui
}

function skipVideoSignalType(reader: BitReader): void {
  reader.skip(4)
  if (reader.flag()) reader.skip(24)
}

function parseTiming(reader: BitReader, vui: H264Vui): void {
  const unitsInTick = reader.bits(32)
  const timeScale = reader.bits(32)
  reader.skip(1)
  // One frame is two field ticks.
  const frameRate = reader.failed ? undefined : frameRateOf(timeScale, 2 * unitsInTick)
  if (frameRate !== undefined) vui.frameRate = frameRate
}

function skipHrd(reader: BitReader): boolean {
  const count = reader.unsignedExpGolomb() + 1
  if (count > MAX_CPB_COUNT) return false
  reader.skip(8)
  for (let index = 0; index < count && !reader.failed; index++) {
    reader.unsignedExpGolomb()
    reader.unsignedExpGolomb()
    reader.skip(1)
  }
  reader.skip(20)
  return true
}
