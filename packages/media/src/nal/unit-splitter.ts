import { nextStartCode } from './annexb.js'
import { MAX_NAL_UNITS } from './length-prefixed.js'

/** Bytes of the length before each unit, as records may say it. */
export type ReadLengthSize = 1 | 2 | 3 | 4

/** The readable part of a nonconforming record. */
export interface SalvagedRecord {
  readonly lengthSize: ReadLengthSize
  readonly sets: readonly Uint8Array[]
}

/** Bytes behind the last unit that are taken for something else than its rest. */
const MAX_TRAILING_BYTES = 8

/** Whether the bytes begin as a byte stream does (ITU-T H.264 annex B): zeros, then a one. */
export function startsAsAnnexB(bytes: Uint8Array, start: number, end: number): boolean {
  let offset = start
  while (offset < end && bytes[offset] === 0) offset += 1
  return offset - start >= 2 && offset - start <= 3 && bytes[offset] === 1
}

/**
 * Puts the NAL units of `bytes[start, end)` into `units` as views, read as leniently as FFmpeg does: behind lengths of
 * `lengthSize` bytes, as a byte stream with start codes although lengths were announced, with start codes inside a length,
 * behind lengths of another size, with bytes that make no unit at the end. Empty units and zeros behind a unit are left
 * out. False, with `units` in no useful state, when nothing can be made of it or there are too many units.
 */
export function splitUnits(
  bytes: Uint8Array,
  start: number,
  end: number,
  lengthSize: ReadLengthSize,
  units: Uint8Array[],
): boolean {
  // A short length that is announced fits by chance now and then; long ones begin with zeros, which no unit before them does.
  const isLong = lengthSize < 4 && bytes[start] === 0 && bytes[start + 1] === 0
  if (isLong && wholeLength(bytes, start, end, 4) === end) return walkLengths(bytes, start, end, 4, units)
  const whole = wholeLength(bytes, start, end, lengthSize)
  if (whole === end) return walkLengths(bytes, start, end, lengthSize, units)
  const isStream = startsAsAnnexB(bytes, start, end) && !isChain(bytes, start, whole, end, lengthSize)
  if (isStream) return addUnits(bytes, start, end, units)
  if (lengthSize !== 2 && wholeLength(bytes, start, end, 2) === end) return walkLengths(bytes, start, end, 2, units)
  // A truncated unit or trailing bytes are dropped; earlier units are valid.
  return walkLengths(bytes, start, whole, lengthSize, units) && units.length > 0
}

/**
 * A length of 256 to 511 begins as a start code does. But a chain of lengths ends near the end, its units are longer than a
 * header, and no start code is in them.
 */
function isChain(bytes: Uint8Array, start: number, whole: number, end: number, lengthSize: ReadLengthSize): boolean {
  if (whole === start || end - whole > MAX_TRAILING_BYTES) return false
  for (let offset = start; offset < whole;) {
    const unit = offset + lengthSize
    offset = unit + readLength(bytes, offset, lengthSize)
    if (offset - unit === 1 || nextStartCode(bytes, unit, offset) !== offset) return false
  }
  return true
}

/** End of the last complete unit in `bytes[start, end)`. */
function wholeLength(bytes: Uint8Array, start: number, end: number, lengthSize: ReadLengthSize): number {
  let offset = start
  while (end - offset >= lengthSize) {
    const length = readLength(bytes, offset, lengthSize)
    if (length > end - offset - lengthSize) break
    offset += lengthSize + length
  }
  return offset
}

function walkLengths(
  bytes: Uint8Array,
  start: number,
  end: number,
  lengthSize: ReadLengthSize,
  units: Uint8Array[],
): boolean {
  let lengths = 0
  for (let offset = start; offset < end; lengths++) {
    if (lengths === MAX_NAL_UNITS) return false
    const next = offset + lengthSize + readLength(bytes, offset, lengthSize)
    if (!addUnits(bytes, offset + lengthSize, next, units)) return false
    offset = next
  }
  return true
}

/** One unit, or several between start codes: inside a unit there is none, for emulation prevention breaks them up. */
function addUnits(bytes: Uint8Array, start: number, end: number, units: Uint8Array[]): boolean {
  let from = start
  while (from < end) {
    const next = nextStartCode(bytes, from, end)
    let last = next
    while (last > from && bytes[last - 1] === 0) last -= 1
    if (last > from) {
      if (units.length === MAX_NAL_UNITS) return false
      units.push(bytes.subarray(from, last))
    }
    from = next + 3
  }
  return true
}

function readLength(bytes: Uint8Array, offset: number, lengthSize: ReadLengthSize): number {
  let length = 0
  for (let index = 0; index < lengthSize; index++) length = length * 256 + bytes[offset + index]!
  return length
}
