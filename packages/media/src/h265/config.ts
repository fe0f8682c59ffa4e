import { readUint32 } from '../bytes/big-endian.js'
import type { VideoConfig } from '../model/frame.js'
import { optionalVideoFields, type VideoHints } from '../model/video-hints.js'
import { buildHevcDecoderConfiguration, parseHevcDecoderConfiguration } from './decoder-configuration.js'
import { parseH265Sps } from './sps.js'

/**
 * A config from the parameter sets of a bitstream, with 4-byte NAL lengths. The first SPS tells size, profile and
 * reordering. Undefined when the sets are malformed, incomplete or beyond their limits.
 */
export function videoConfigFromH265(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
  hints: VideoHints = {},
): VideoConfig | undefined {
  const description = buildHevcDecoderConfiguration(vps, sps, pps)
  return description === undefined ? undefined : videoConfigFromHevcRecord(description, hints)
}

/** A config from an HEVCDecoderConfigurationRecord, which is copied; undefined as above. */
export function videoConfigFromHevcRecord(record: Uint8Array, hints: VideoHints = {}): VideoConfig | undefined {
  const description = record.slice()
  const configuration = parseHevcDecoderConfiguration(description)
  const sps = configuration === undefined ? undefined : parseH265Sps(configuration.sps[0]!)
  if (configuration === undefined || sps === undefined) return undefined
  return {
    kind: 'video',
    codec: 'h265',
    description,
    parameterSets: [...configuration.vps, ...configuration.sps, ...configuration.pps],
    nalLengthSize: configuration.nalLengthSize,
    width: sps.width,
    height: sps.height,
    codecString: codecString(sps.profileTierLevel),
    orientation: hints.orientation ?? 0,
    ...optionalVideoFields(hints, undefined, sps.reorderFrames),
  }
}

/** `hvc1.1.6.L93.B0`: ISO/IEC 14496-15 annex E.3. */
function codecString(profileTierLevel: Uint8Array): string {
  const head = profileTierLevel[0]!
  const space = ['', 'A', 'B', 'C'][head >> 6]!
  const tier = head & 0x20 ? 'H' : 'L'
  const parts = [
    'hvc1',
    `${space}${head & 0x1f}`,
    reverseBits(readUint32(profileTierLevel, 1)).toString(16).toUpperCase(),
    `${tier}${profileTierLevel[11]!}`,
  ]
  let end = 11
  while (end > 5 && profileTierLevel[end - 1] === 0) end -= 1
  for (let index = 5; index < end; index++) parts.push(profileTierLevel[index]!.toString(16).toUpperCase())
  return parts.join('.')
}

function reverseBits(value: number): number {
  let reversed = 0
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((value >>> bit) & 1)
  return reversed >>> 0
}

/** Temporal layers (sps_max_sub_layers_minus1 + 1) of an H.265 config; 1 when it has no readable SPS. */
export function temporalLayersOf(config: VideoConfig): number {
  for (const set of config.parameterSets) {
    const sps = parseH265Sps(set)
    if (sps !== undefined) return sps.temporalLayers
  }
  return 1
}
