import { BitReader } from '../bytes/bit-reader.js'
import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import type { ParameterSetCodec } from '../nal/parameter-set-tracker.js'
import { videoConfigFromH265 } from './config.js'
import { H265_NAL_HEADER_LENGTH, H265NalType, h265NalType } from './nal.js'
import { MAX_H265_PARAMETER_SET_BYTES, parseH265Sps } from './sps.js'

/** pps_pic_parameter_set_id is 0 to 63. */
const MAX_PPS_COUNT = 64
const PPS_ID_BYTES = 8

/** The functions of a ParameterSetTracker for H.265. */
export const h265ParameterSets: ParameterSetCodec = {
  keyOf: (nal) => {
    const type = h265NalType(nal)
    if (type < H265NalType.vps || type > H265NalType.pps) return -1
    if (nal.length <= H265_NAL_HEADER_LENGTH || nal.length > MAX_H265_PARAMETER_SET_BYTES) return -1
    const id = idOf(nal, type)
    return id < 0 ? -1 : (type << 8) | id
  },
  configOf: (sets, hints) => {
    const ofType = (type: number) => sets.filter((nal) => h265NalType(nal) === type)
    return videoConfigFromH265(ofType(H265NalType.vps), ofType(H265NalType.sps), ofType(H265NalType.pps), hints)
  },
}

function idOf(nal: Uint8Array, type: number): number {
  if (type === H265NalType.vps) return nal[H265_NAL_HEADER_LENGTH]! >> 4
  if (type === H265NalType.sps) return parseH265Sps(nal)?.id ?? -1
  const reader = new BitReader(removeEmulationPrevention(nal, H265_NAL_HEADER_LENGTH, PPS_ID_BYTES))
  const id = reader.unsignedExpGolomb()
  return reader.failed || id >= MAX_PPS_COUNT ? -1 : id
}
