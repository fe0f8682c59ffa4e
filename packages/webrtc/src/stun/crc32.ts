/** The byte-wise table of the reflected polynomial 0xEDB88320 (ISO/IEC 13239, as in Ethernet and zip). */
const table = /* @__PURE__ */ makeTable()

function makeTable(): Uint32Array {
  const made = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte
    for (let bit = 0; bit < 8; bit++)
      remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
    made[byte] = remainder >>> 0
  }
  return made
}

/** CRC-32 of `bytes[start, end)` as an unsigned 32-bit number. The STUN fingerprint is built on it (RFC 8489 section 14.7). */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffffffff
  for (let index = start; index < end; index++) crc = (crc >>> 8) ^ table[(crc ^ bytes[index]!) & 0xff]!
  return (crc ^ 0xffffffff) >>> 0
}
