import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import { H264NalType, h264NalType } from './nal.js'

/** payloadType of the recovery point message (ITU-T H.264 section D.1.8). */
const RECOVERY_POINT = 6
/** Messages further into an SEI unit are not looked for: recovery points come first, captions and user data are long. */
const MAX_SEI_BYTES = 4096

/** Whether an SEI message of the access unit says that decoding may start here although the picture is no IDR (open GOP, intra refresh). */
export function hasRecoveryPoint(units: readonly Uint8Array[]): boolean {
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    if (h264NalType(unit) === H264NalType.sei && hasMessage(unit, RECOVERY_POINT)) return true
  }
  return false
}

/** Walks the messages of one SEI NAL unit (section 7.3.2.3.1): type and size, each a run of 255s and a last byte. */
function hasMessage(nal: Uint8Array, wanted: number): boolean {
  const payload = removeEmulationPrevention(nal, 1, MAX_SEI_BYTES)
  let offset = 0
  // The last byte is rbsp_trailing_bits.
  while (offset + 2 < payload.length) {
    let type = 0
    while (payload[offset] === 0xff) type += payload[offset++]!
    type += payload[offset++] ?? 0
    let size = 0
    while (payload[offset] === 0xff) size += payload[offset++]!
    size += payload[offset++] ?? 0
    if (type === wanted) return true
    offset += size
  }
  return false
}
