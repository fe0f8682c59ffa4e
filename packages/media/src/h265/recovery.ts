import { BitReader } from '../bytes/bit-reader.js'
import { findSeiMessage } from '../nal/sei-message.js'
import { H265_NAL_HEADER_LENGTH, H265NalType, h265NalType } from './nal.js'

/** payloadType of the recovery point message (ITU-T H.265 section D.2.8). */
const RECOVERY_POINT = 6

/**
 * After how many more pictures a decoder that starts at this access unit, which is no IRAP picture, shows whole ones, as an
 * SEI message says; undefined where it may not start.
 */
export function h265Recovery(units: readonly Uint8Array[]): number | undefined {
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    if (h265NalType(unit) !== H265NalType.prefixSei) continue
    const message = findSeiMessage(unit, H265_NAL_HEADER_LENGTH, RECOVERY_POINT)
    // recovery_poc_cnt is se(v), and may be negative (section D.3.8): code k is k / 2 rounded up, minus where k is even.
    if (message === undefined) continue
    const code = new BitReader(message).unsignedExpGolomb()
    return code % 2 === 0 ? 0 : (code + 1) / 2
  }
  return undefined
}
