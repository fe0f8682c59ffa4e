import { BitReader } from '../bytes/bit-reader.js'
import { findSeiMessage } from '../nal/sei-message.js'
import { H264NalType, h264NalType } from './nal.js'
import { sliceType } from './slice-header.js'

/** payloadType of the recovery point message (ITU-T H.264 section D.1.8). */
const RECOVERY_POINT = 6

/**
 * The number of pictures after which a decoder that starts at this access unit (not an IDR picture) shows complete
 * ones; undefined if it cannot start here. An SEI message says so, or an encoder marks a picture of I slices as a
 * keyframe.
 */
export function h264Recovery(units: readonly Uint8Array[], taggedKey: boolean): number | undefined {
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    if (h264NalType(unit) !== H264NalType.sei) continue
    const message = findSeiMessage(unit, 1, RECOVERY_POINT)
    // recovery_frame_cnt (section D.2.8)
    if (message !== undefined) return new BitReader(message).unsignedExpGolomb()
  }
  return taggedKey && isIntra(units) ? 0 : undefined
}

function isIntra(units: readonly Uint8Array[]): boolean {
  let slices = 0
  for (let index = 0; index < units.length; index++) {
    const type = sliceType(units[index]!)
    if (type === undefined) continue
    if (type !== 'I') return false
    slices++
  }
  return slices > 0
}
