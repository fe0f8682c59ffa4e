import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'

/** Messages further into an SEI unit are not looked for: recovery points come first, captions and user data are long. */
const MAX_SEI_BYTES = 4096

/**
 * The payload of the first SEI message of that type in an SEI unit whose header has `headerLength` bytes (ITU-T H.264
 * section 7.3.2.3.1, H.265 section 7.3.5: type and size, each a run of 255s and a last byte); undefined without one.
 */
export function findSeiMessage(nal: Uint8Array, headerLength: number, wanted: number): Uint8Array | undefined {
  const payload = removeEmulationPrevention(nal, headerLength, MAX_SEI_BYTES)
  let offset = 0
  // The last byte is rbsp_trailing_bits.
  while (offset + 2 < payload.length) {
    let type = 0
    while (payload[offset] === 0xff) type += payload[offset++]!
    type += payload[offset++] ?? 0
    let size = 0
    while (payload[offset] === 0xff) size += payload[offset++]!
    size += payload[offset++] ?? 0
    if (type === wanted) return payload.subarray(offset, offset + size)
    offset += size
  }
  return undefined
}
