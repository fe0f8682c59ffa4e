import { readUint16, writeUint16 } from '../bytes/big-endian.js'
import { splitAnnexB } from '../nal/annexb.js'
import type { NalLengthSize } from '../nal/length-prefixed.js'
import { type SalvagedRecord, startsAsAnnexB, type ReadLengthSize } from '../nal/unit-splitter.js'
import { H264NalType, h264NalType } from './nal.js'
import { MAX_PPS_BYTES } from './pps.js'
import { MAX_SPS_BYTES, parseSps } from './sps.js'

/** The fixed head: version, profile, compatibility, level, length size, number of SPS. */
const HEAD_LENGTH = 6
/** numOfSequenceParameterSets has 5 bits, numOfPictureParameterSets 8. */
const MAX_RECORD_SPS = 31
const MAX_RECORD_PPS = 255
/** Profiles whose record has no chroma format behind the parameter sets. */
const BASIC_PROFILES: readonly number[] = [66, 77, 88]

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1), the sequence header of FLV. */
export interface AvcDecoderConfiguration {
  readonly nalLengthSize: NalLengthSize
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

/** Reads a record, with its parameter sets as views. Undefined when it is malformed or a set is longer than its limit. */
export function parseAvcDecoderConfiguration(record: Uint8Array): AvcDecoderConfiguration | undefined {
  if (record.length < HEAD_LENGTH + 1 || record[0] !== 1) return undefined
  const nalLengthSize = (record[4]! & 3) + 1
  if (nalLengthSize === 3) return undefined
  const sps: Uint8Array[] = []
  const pps: Uint8Array[] = []
  const afterSps = readSets(record, HEAD_LENGTH, record[5]! & 0x1f, sps)
  if (afterSps < 0 || afterSps >= record.length || sps.length === 0) return undefined
  if (readSets(record, afterSps + 1, record[afterSps]!, pps) < 0 || pps.length === 0) return undefined
  const areSound =
    sps.every((set) => h264NalType(set) === H264NalType.sps) && pps.every((set) => h264NalType(set) === H264NalType.pps)
  if (!areSound) return undefined
  return { nalLengthSize: nalLengthSize as NalLengthSize, sps, pps }
}

/**
 * The parameter sets that can be found in what an encoder calls its record, and its length size: another version, counts
 * that are wrong, no sets at all, or sets between start codes. Nothing is refused; 4-byte lengths are the default.
 */
export function salvageAvcRecord(record: Uint8Array): SalvagedRecord {
  if (startsAsAnnexB(record, 0, record.length)) {
    return { lengthSize: 4, sets: splitAnnexB(record, MAX_RECORD_SPS + MAX_RECORD_PPS).filter(isSet) }
  }
  const sets: Uint8Array[] = []
  if (record.length <= HEAD_LENGTH) return { lengthSize: 4, sets }
  const afterSps = readSets(record, HEAD_LENGTH, record[5]! & 0x1f, sets)
  if (afterSps > 0 && afterSps < record.length) readSets(record, afterSps + 1, record[afterSps]!, sets)
  return { lengthSize: ((record[4]! & 3) + 1) as ReadLengthSize, sets }
}

/**
 * Builds a record with 4-byte lengths. Undefined if SPS or PPS are missing or too many, or the first SPS is
 * unreadable: the head repeats its profile and level.
 */
export function buildAvcDecoderConfiguration(
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array | undefined {
  const facts = sps[0] === undefined ? undefined : parseSps(sps[0])
  if (facts === undefined || pps.length === 0) return undefined
  if (sps.length > MAX_RECORD_SPS || pps.length > MAX_RECORD_PPS) return undefined
  const isBasic = BASIC_PROFILES.includes(facts.profileIdc)
  let length = HEAD_LENGTH + 1 + (isBasic ? 0 : 4)
  for (const set of sps) length += 2 + set.length
  for (const set of pps) length += 2 + set.length
  const record = new Uint8Array(length)
  record[0] = 1
  record[1] = facts.profileIdc
  record[2] = facts.constraintFlags
  record[3] = facts.levelIdc
  record[4] = 0xfc | 3
  record[5] = 0xe0 | sps.length
  let offset = writeSets(sps, record, HEAD_LENGTH)
  record[offset] = pps.length
  offset = writeSets(pps, record, offset + 1)
  if (!isBasic) {
    record[offset] = 0xfc | facts.chromaFormatIdc
    record[offset + 1] = 0xf8 | (facts.bitDepthLuma - 8)
    record[offset + 2] = 0xf8 | (facts.bitDepthChroma - 8)
    record[offset + 3] = 0
  }
  return record
}

/** Reads `count` sets behind 16-bit lengths into `sets`; returns the offset after them, -1 when malformed. */
function readSets(record: Uint8Array, start: number, count: number, sets: Uint8Array[]): number {
  let offset = start
  for (let index = 0; index < count; index++) {
    if (offset + 2 > record.length) return -1
    const length = readUint16(record, offset)
    offset += 2
    if (length === 0 || length > record.length - offset) return -1
    const set = record.subarray(offset, offset + length)
    if (!isSet(set)) return -1
    sets.push(set)
    offset += length
  }
  return offset
}

function isSet(nal: Uint8Array): boolean {
  const type = h264NalType(nal)
  return type === H264NalType.sps
    ? nal.length <= MAX_SPS_BYTES
    : type === H264NalType.pps && nal.length <= MAX_PPS_BYTES
}

function writeSets(sets: readonly Uint8Array[], out: Uint8Array, offset: number): number {
  let next = offset
  for (const set of sets) {
    next = writeUint16(set.length, out, next)
    out.set(set, next)
    next += set.length
  }
  return next
}
