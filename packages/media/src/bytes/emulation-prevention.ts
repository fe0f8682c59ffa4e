/**
 * The payload of a NAL unit without its emulation prevention bytes: 00 00 03 becomes 00 00 (ITU-T H.264 section 7.4.1,
 * the same in H.265). Reads at most `maxBytes` from `start`; returns a view when there is nothing to remove.
 */
export function removeEmulationPrevention(nal: Uint8Array, start: number, maxBytes: number): Uint8Array {
  const end = Math.min(nal.length, start + maxBytes)
  let index = start
  while (index + 2 < end && !isEscape(nal, index)) index += 1
  if (index + 2 >= end) return nal.subarray(Math.min(start, end), end)
  const out = new Uint8Array(end - start)
  let zeros = 0
  let length = 0
  for (index = start; index < end; index++) {
    const byte = nal[index]!
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out[length++] = byte
  }
  return out.subarray(0, length)
}

/** A NAL unit payload with emulation prevention bytes: no 00 00 00, 00 00 01, 00 00 02 or 00 00 03 is left in it. */
export function insertEmulationPrevention(payload: Uint8Array): Uint8Array {
  // At worst one byte for every two.
  const out = new Uint8Array(payload.length + (payload.length >>> 1) + 1)
  let zeros = 0
  let length = 0
  for (let index = 0; index < payload.length; index++) {
    const byte = payload[index]!
    if (zeros >= 2 && byte <= 3) {
      out[length++] = 3
      zeros = 0
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out[length++] = byte
  }
  return out.subarray(0, length)
}

function isEscape(bytes: Uint8Array, index: number): boolean {
  return bytes[index + 2] === 3 && bytes[index + 1] === 0 && bytes[index] === 0
}
