import { BitReader } from '../bytes/bit-reader.js'
import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import { H264NalType, h264NalType } from './nal.js'

/** slice_type modulo 5 (ITU-T H.264 table 7-6). */
export type SliceType = 'P' | 'B' | 'I' | 'SP' | 'SI'

const SLICE_TYPES: readonly SliceType[] = ['P', 'B', 'I', 'SP', 'SI']
/** first_mb_in_slice and slice_type take at most 31 + 7 bits. */
const HEADER_BYTES = 8

/** The type of a coded slice; undefined for every other NAL unit and for a malformed header (section 7.3.3). */
export function sliceType(nal: Uint8Array): SliceType | undefined {
  if (nal.length < 2) return undefined
  const type = h264NalType(nal)
  if (type !== H264NalType.slice && type !== H264NalType.idrSlice && type !== H264NalType.partitionA) return undefined
  const reader = new BitReader(removeEmulationPrevention(nal, 1, HEADER_BYTES))
  reader.unsignedExpGolomb()
  const code = reader.unsignedExpGolomb()
  return reader.failed || code > 9 ? undefined : SLICE_TYPES[code % 5]
}

/** Whether the unit is a slice predicted in both directions: such pictures leave the decoder out of dts order. */
export function isBSlice(nal: Uint8Array): boolean {
  return sliceType(nal) === 'B'
}

/** Whether one of the units of an access unit is a B-slice. */
export function hasBSlice(units: readonly Uint8Array[]): boolean {
  for (let index = 0; index < units.length; index++) if (isBSlice(units[index]!)) return true
  return false
}
