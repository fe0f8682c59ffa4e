import { BitReader } from '../bytes/bit-reader.js'
import { removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import { MAX_SPS_COUNT } from './sps.js'

/** A picture parameter set has 4 to 10 bytes, with all scaling lists some 400. */
export const MAX_PPS_BYTES = 512
/** pic_parameter_set_id is 0 to 255. */
export const MAX_PPS_COUNT = 256
/** Both ids take at most 17 + 11 bits. */
const ID_BYTES = 8

/** The ids of a picture parameter set NAL unit (ITU-T H.264 section 7.3.2.2); undefined when malformed. */
export function parsePpsIds(nal: Uint8Array): { id: number; spsId: number } | undefined {
  if (nal.length < 2 || nal.length > MAX_PPS_BYTES) return undefined
  const reader = new BitReader(removeEmulationPrevention(nal, 1, ID_BYTES))
  const id = reader.unsignedExpGolomb()
  const spsId = reader.unsignedExpGolomb()
  return reader.failed || id >= MAX_PPS_COUNT || spsId >= MAX_SPS_COUNT ? undefined : { id, spsId }
}
