import { readUint16, writeUint16 } from '../bytes/big-endian.js'
import { splitAnnexB } from '../nal/annexb.js'
import type { NalLengthSize } from '../nal/length-prefixed.js'
import { type SalvagedRecord, startsAsAnnexB, type ReadLengthSize } from '../nal/unit-splitter.js'
import { H265_NAL_HEADER_LENGTH, H265NalType, h265NalType } from './nal.js'
import { MAX_H265_PARAMETER_SET_BYTES, parseH265Sps, PROFILE_TIER_LEVEL_LENGTH } from './sps.js'

/** Everything before the arrays; its last byte is numOfArrays. */
const HEAD_LENGTH = 23
/** More units than all ids of VPS (16), SPS (16) and PPS (64) together are an attack. */
const MAX_RECORD_UNITS = 96

/** HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 8.3.3.1). */
export interface HevcDecoderConfiguration {
  readonly nalLengthSize: NalLengthSize
  readonly vps: readonly Uint8Array[]
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

/** Reads a record, with its parameter sets as views; SEI units are left out. Undefined when malformed or beyond limits. */
export function parseHevcDecoderConfiguration(record: Uint8Array): HevcDecoderConfiguration | undefined {
  // Some encoders in China write version 0.
  if (record.length < HEAD_LENGTH || record[0]! > 1) return undefined
  const nalLengthSize = (record[21]! & 3) + 1
  if (nalLengthSize === 3) return undefined
  const units: Uint8Array[] = []
  let offset = HEAD_LENGTH
  for (let array = 0; array < record[HEAD_LENGTH - 1]!; array++) {
    if (offset + 3 > record.length) return undefined
    const count = readUint16(record, offset + 1)
    offset = readUnits(record, offset + 3, count, units)
    if (offset < 0) return undefined
  }
  const ofType = (type: number) => units.filter((nal) => h265NalType(nal) === type)
  const sets = { vps: ofType(H265NalType.vps), sps: ofType(H265NalType.sps), pps: ofType(H265NalType.pps) }
  if (sets.sps.length === 0 || sets.pps.length === 0) return undefined
  return { nalLengthSize: nalLengthSize as NalLengthSize, ...sets }
}

/** See `salvageAvcRecord`. */
export function salvageHevcRecord(record: Uint8Array): SalvagedRecord {
  if (startsAsAnnexB(record, 0, record.length)) {
    return { lengthSize: 4, sets: splitAnnexB(record, MAX_RECORD_UNITS).filter(isSet) }
  }
  const units: Uint8Array[] = []
  if (record.length < HEAD_LENGTH) return { lengthSize: 4, sets: units }
  let offset = HEAD_LENGTH
  for (let array = 0; array < record[HEAD_LENGTH - 1]! && offset > 0 && offset + 3 <= record.length; array++)
    offset = readUnits(record, offset + 3, readUint16(record, offset + 1), units)
  return { lengthSize: ((record[21]! & 3) + 1) as ReadLengthSize, sets: units.filter(isSet) }
}

/** Builds a record with 4-byte lengths; undefined when a list is empty, too long, or the first SPS cannot be read. */
export function buildHevcDecoderConfiguration(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array | undefined {
  const facts = sps[0] === undefined ? undefined : parseH265Sps(sps[0])
  if (facts === undefined || vps.length === 0 || pps.length === 0) return undefined
  if (vps.length + sps.length + pps.length > MAX_RECORD_UNITS) return undefined
  const arrays = [vps, sps, pps]
  let length = HEAD_LENGTH
  for (const units of arrays) {
    length += 3
    for (const unit of units) length += 2 + unit.length
  }
  const record = new Uint8Array(length)
  record[0] = 1
  record.set(facts.profileTierLevel, 1)
  let offset = 1 + PROFILE_TIER_LEVEL_LENGTH
  // min_spatial_segmentation_idc 0 and parallelismType 0: unknown.
  offset = writeUint16(0xf000, record, offset)
  record[offset++] = 0xfc
  record[offset++] = 0xfc | facts.chromaFormatIdc
  record[offset++] = 0xf8 | (facts.bitDepthLuma - 8)
  record[offset++] = 0xf8 | (facts.bitDepthChroma - 8)
  // avgFrameRate 0: unspecified.
  offset = writeUint16(0, record, offset)
  record[offset++] = (facts.temporalLayers << 3) | (facts.temporalIdNested ? 4 : 0) | 3
  record[offset++] = arrays.length
  for (const units of arrays) offset = writeArray(units, record, offset)
  return record
}

/** Reads `count` units behind 16-bit lengths; returns the offset after them, -1 when malformed. */
function readUnits(record: Uint8Array, start: number, count: number, units: Uint8Array[]): number {
  let offset = start
  for (let index = 0; index < count; index++) {
    if (offset + 2 > record.length || units.length === MAX_RECORD_UNITS) return -1
    const length = readUint16(record, offset)
    offset += 2
    if (length < H265_NAL_HEADER_LENGTH || length > record.length - offset) return -1
    const unit = record.subarray(offset, offset + length)
    if (h265NalType(unit) <= H265NalType.pps && length > MAX_H265_PARAMETER_SET_BYTES) return -1
    units.push(unit)
    offset += length
  }
  return offset
}

function isSet(nal: Uint8Array): boolean {
  const type = h265NalType(nal)
  return type >= H265NalType.vps && type <= H265NalType.pps && nal.length <= MAX_H265_PARAMETER_SET_BYTES
}

function writeArray(units: readonly Uint8Array[], out: Uint8Array, offset: number): number {
  // array_completeness 1: all sets of this type are here, as hvc1 promises.
  out[offset] = 0x80 | h265NalType(units[0]!)
  let next = writeUint16(units.length, out, offset + 1)
  for (const unit of units) {
    next = writeUint16(unit.length, out, next)
    out.set(unit, next)
    next += unit.length
  }
  return next
}
