import type { VideoConfig } from '../model/frame.js'
import { isAcceptablePictureSize } from '../model/picture-limits.js'
import { optionalVideoFields, type VideoHints } from '../model/video-hints.js'
import { ObuType, parseObus } from './obu.js'
import { parseAv1SequenceHeader } from './sequence-header.js'

/** Marker and version, profile and level, tier and format, initial delay; configOBUs follow. */
const HEAD_LENGTH = 4
/** configOBUs hold one sequence header and perhaps metadata. */
const MAX_RECORD_LENGTH = 1024

/**
 * A config from an AV1CodecConfigurationRecord (AV1 Codec ISO Media File Format Binding section 2.3). The size is 0 when it
 * has no sequence header. Undefined when malformed or beyond the picture limits.
 */
export function videoConfigFromAv1Record(record: Uint8Array, hints: VideoHints = {}): VideoConfig | undefined {
  if (record.length < HEAD_LENGTH || record.length > MAX_RECORD_LENGTH || record[0] !== 0x81) return undefined
  const obus = parseObus(record, HEAD_LENGTH)
  if (obus === undefined) return undefined
  const obu = obus.find(({ type }) => type === ObuType.sequenceHeader)
  const sequence = obu === undefined ? undefined : parseAv1SequenceHeader(record, obu.start, obu.end)
  if (obu !== undefined && sequence === undefined) return undefined
  if (sequence !== undefined && !isAcceptablePictureSize(sequence.width, sequence.height)) return undefined
  const level = (record[1]! & 0x1f).toString().padStart(2, '0')
  const tier = record[2]! & 0x80 ? 'H' : 'M'
  const bitDepth = record[2]! & 0x40 ? (record[2]! & 0x20 ? '12' : '10') : '08'
  return {
    kind: 'video',
    codec: 'av1',
    description: record.slice(),
    parameterSets: [],
    nalLengthSize: 4,
    width: sequence?.width ?? 0,
    height: sequence?.height ?? 0,
    codecString: `av01.${record[1]! >> 5}.${level}${tier}.${bitDepth}`,
    orientation: hints.orientation ?? 0,
    // A temporal unit shows exactly one frame: reordering happens inside.
    ...optionalVideoFields(hints, undefined, 0),
  }
}
