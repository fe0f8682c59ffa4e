/** NAL units behind big-endian lengths, as MP4 and FLV carry them (ISO/IEC 14496-15 section 4.3.3.1). */

/** NAL units in one access unit: more than any encoder makes (a slice per macroblock row of 8K is 512). */
export const MAX_NAL_UNITS = 512

export type NalLengthSize = 1 | 2 | 4

/**
 * Puts the units of `bytes[start, end)` into `units` as views; units of length 0, which some encoders send as filler, are
 * left out. False, with `units` in no useful state, when a length points past the end or there are too many units.
 */
export function splitLengthPrefixed(
  bytes: Uint8Array,
  start: number,
  end: number,
  lengthSize: NalLengthSize,
  units: Uint8Array[],
): boolean {
  let offset = start
  let count = 0
  while (offset < end) {
    if (end - offset < lengthSize || count === MAX_NAL_UNITS) return false
    let length = 0
    for (let index = 0; index < lengthSize; index++) length = length * 256 + bytes[offset + index]!
    offset += lengthSize
    if (length > end - offset) return false
    if (length > 0) units.push(bytes.subarray(offset, offset + length))
    offset += length
    count += 1
  }
  return true
}

/** Bytes that `writeLengthPrefixed` needs. */
export function byteLengthOfLengthPrefixed(units: readonly Uint8Array[], lengthSize: NalLengthSize): number {
  let length = units.length * lengthSize
  for (let index = 0; index < units.length; index++) length += units[index]!.length
  return length
}

/** Writes each unit behind its length; returns the offset after the last. */
export function writeLengthPrefixed(
  units: readonly Uint8Array[],
  lengthSize: NalLengthSize,
  out: Uint8Array,
  offset: number,
): number {
  let next = offset
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    for (let shift = (lengthSize - 1) * 8; shift >= 0; shift -= 8) out[next++] = unit.length >>> shift
    out.set(unit, next)
    next += unit.length
  }
  return next
}
