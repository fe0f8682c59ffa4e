import { BitReader } from '../bytes/bit-reader.js'
import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import type { ParameterSetCodec } from '../nal/parameter-set-tracker.js'
import { videoConfigFromH264 } from './config.js'
import { H264NalType, h264NalType } from './nal.js'
import { parsePpsIds } from './pps.js'
import { MAX_SPS_BYTES, MAX_SPS_COUNT } from './sps.js'

/** profile, constraints and level, then at most 11 bits of id. */
const SPS_ID_BYTES = 8

/** The functions of a ParameterSetTracker for H.264. */
export const h264ParameterSets: ParameterSetCodec = {
  keyOf: (nal) => {
    const type = h264NalType(nal)
    if (type === H264NalType.sps) return keyOfSps(nal)
    if (type !== H264NalType.pps) return -1
    const ids = parsePpsIds(nal)
    return ids === undefined ? -1 : (type << 8) | ids.id
  },
  configOf: (sets, hints) =>
    videoConfigFromH264(
      sets.filter((nal) => h264NalType(nal) === H264NalType.sps),
      sets.filter((nal) => h264NalType(nal) === H264NalType.pps),
      hints,
    ),
}

function keyOfSps(nal: Uint8Array): number {
  if (nal.length > MAX_SPS_BYTES) return -1
  const reader = new BitReader(removeEmulationPrevention(nal, 1, SPS_ID_BYTES))
  reader.skip(24)
  const id = reader.unsignedExpGolomb()
  return reader.failed || id >= MAX_SPS_COUNT ? -1 : (H264NalType.sps << 8) | id
}
