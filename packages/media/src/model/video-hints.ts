import type { FlvSpelling, Orientation } from './frame.js'

/** Fields of a video config from outside the bitstream: metadata, an RTP header extension, the container. */
export interface VideoHints {
  /** Frames per second, as announced; wins over what the bitstream says. */
  readonly frameRate?: number | undefined
  /** Bits per second. */
  readonly bitrate?: number | undefined
  /** Default 0. */
  readonly orientation?: Orientation | undefined
  readonly flvSpelling?: FlvSpelling | undefined
}

/** The optional fields of a VideoConfig, only those that are known. */
export function optionalVideoFields(
  hints: VideoHints,
  frameRate?: number,
  reorderFrames?: number,
): { frameRate?: number; bitrate?: number; flvSpelling?: FlvSpelling; reorderFrames?: number } {
  const fields: { frameRate?: number; bitrate?: number; flvSpelling?: FlvSpelling; reorderFrames?: number } = {}
  const rate = hints.frameRate ?? frameRate
  if (rate !== undefined) fields.frameRate = rate
  if (hints.bitrate !== undefined) fields.bitrate = hints.bitrate
  if (hints.flvSpelling !== undefined) fields.flvSpelling = hints.flvSpelling
  if (reorderFrames !== undefined) fields.reorderFrames = reorderFrames
  return fields
}
