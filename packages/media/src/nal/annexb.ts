/** Annex B of ITU-T H.264 and H.265: NAL units between start codes, as encoders and WebRTC decoders exchange them. */

const START_CODE_LENGTH = 4

/**
 * The NAL units of a byte stream as views: start codes of 3 and 4 bytes, without the zero bytes that may trail a unit.
 * Bytes before the first start code are no unit. Stops after `maxUnits`.
 */
export function splitAnnexB(bytes: Uint8Array, maxUnits = Infinity): Uint8Array[] {
  const units: Uint8Array[] = []
  let start = nextStartCode(bytes, 0)
  while (start < bytes.length && units.length < maxUnits) {
    const next = nextStartCode(bytes, start + 3)
    let end = next
    while (end > start + 3 && bytes[end - 1] === 0) end -= 1
    if (end > start + 3) units.push(bytes.subarray(start + 3, end))
    start = next
  }
  return units
}

/** Bytes that `writeAnnexB` needs. */
export function byteLengthOfAnnexB(units: readonly Uint8Array[]): number {
  let length = 0
  for (let index = 0; index < units.length; index++) length += START_CODE_LENGTH + units[index]!.length
  return length
}

/** Writes each unit behind a 4-byte start code; returns the offset after the last. */
export function writeAnnexB(units: readonly Uint8Array[], out: Uint8Array, offset: number): number {
  let next = offset
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    out[next] = 0
    out[next + 1] = 0
    out[next + 2] = 0
    out[next + 3] = 1
    out.set(unit, next + START_CODE_LENGTH)
    next += START_CODE_LENGTH + unit.length
  }
  return next
}

/** Position of the next 00 00 01 at or after `from`; `end` without one. */
export function nextStartCode(bytes: Uint8Array, from: number, end = bytes.length): number {
  const last = end - 3
  let index = from
  while (index <= last) {
    const third = bytes[index + 2]!
    if (third > 1) index += 3
    else if (third === 1 && bytes[index + 1] === 0 && bytes[index] === 0) return index
    else index += 1
  }
  return end
}
