import type { VideoConfig } from '../model/frame.js'
import { optionalVideoFields, type VideoHints } from '../model/video-hints.js'
import { buildAvcDecoderConfiguration, parseAvcDecoderConfiguration } from './decoder-configuration.js'
import { parseSps } from './sps.js'

/**
 * A config from the parameter sets of a bitstream (Annex B, RTP, a change inside a stream), with 4-byte NAL lengths. The
 * first SPS tells size, profile and reordering. Undefined when the sets are malformed or beyond their limits.
 */
export function videoConfigFromH264(
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
  hints: VideoHints = {},
): VideoConfig | undefined {
  const description = buildAvcDecoderConfiguration(sps, pps)
  return description === undefined ? undefined : videoConfigFromAvcRecord(description, hints)
}

/** A config from an AVCDecoderConfigurationRecord, which is copied; undefined as above. */
export function videoConfigFromAvcRecord(record: Uint8Array, hints: VideoHints = {}): VideoConfig | undefined {
  const description = record.slice()
  const configuration = parseAvcDecoderConfiguration(description)
  const sps = configuration === undefined ? undefined : parseSps(configuration.sps[0]!)
  if (configuration === undefined || sps === undefined) return undefined
  return {
    kind: 'video',
    codec: 'h264',
    description,
    parameterSets: [...configuration.sps, ...configuration.pps],
    nalLengthSize: configuration.nalLengthSize,
    width: sps.width,
    height: sps.height,
    codecString: `avc1.${hex(sps.profileIdc)}${hex(sps.constraintFlags)}${hex(sps.levelIdc)}`,
    orientation: hints.orientation ?? 0,
    ...optionalVideoFields(hints, sps.frameRate, sps.reorderFrames),
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
