import { BitReader } from '../bytes/bit-reader.js'

/** The fields of a sequence header OBU that a server uses. */
export interface Av1SequenceHeader {
  readonly profile: number
  /** seq_level_idx of operating point 0. */
  readonly level: number
  readonly tier: number
  /** Pixels: max_frame_width, max_frame_height. */
  readonly width: number
  readonly height: number
}

/** Reads `bytes[start, end)`, the payload of a sequence header OBU (AV1 section 5.5.1), as far as the size. */
export function parseAv1SequenceHeader(bytes: Uint8Array, start: number, end: number): Av1SequenceHeader | undefined {
  const reader = new BitReader(bytes, start, end)
  const profile = reader.bits(3)
  reader.skip(1)
  const isReduced = reader.flag()
  const { level, tier } = isReduced ? { level: reader.bits(5), tier: 0 } : readOperatingPoints(reader)
  const widthBits = reader.bits(4) + 1
  const heightBits = reader.bits(4) + 1
  const width = reader.bits(widthBits) + 1
  const height = reader.bits(heightBits) + 1
  return reader.failed ? undefined : { profile, level, tier, width, height }
}

/** timing_info, decoder_model_info and the list of operating points; level and tier are those of the first. */
function readOperatingPoints(reader: BitReader): { level: number; tier: number } {
  let delayBits = 0
  let hasDecoderModel = false
  if (reader.flag()) {
    reader.skip(64)
    if (reader.flag()) reader.unsignedExpGolomb()
    hasDecoderModel = reader.flag()
    if (hasDecoderModel) {
      delayBits = reader.bits(5) + 1
      reader.skip(32 + 5 + 5)
    }
  }
  const hasInitialDelay = reader.flag()
  const points = reader.bits(5) + 1
  let [level, tier] = [0, 0]
  for (let point = 0; point < points && !reader.failed; point++) {
    reader.skip(12)
    const pointLevel = reader.bits(5)
    const pointTier = pointLevel > 7 ? reader.bits(1) : 0
    if (point === 0) [level, tier] = [pointLevel, pointTier]
    if (hasDecoderModel && reader.flag()) reader.skip(2 * delayBits + 1)
    if (hasInitialDelay && reader.flag()) reader.skip(4)
  }
  return { level, tier }
}
