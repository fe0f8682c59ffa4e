import type { FlvSpelling } from './frame.js'

/** Fields of an audio config from outside the bitstream. */
export interface AudioHints {
  /** Bits per second. */
  readonly bitrate?: number | undefined
  readonly flvSpelling?: FlvSpelling | undefined
}

/** The optional fields of an AudioConfig, only those that are known. */
export function optionalAudioFields(hints: AudioHints): { bitrate?: number; flvSpelling?: FlvSpelling } {
  const fields: { bitrate?: number; flvSpelling?: FlvSpelling } = {}
  if (hints.bitrate !== undefined) fields.bitrate = hints.bitrate
  if (hints.flvSpelling !== undefined) fields.flvSpelling = hints.flvSpelling
  return fields
}
