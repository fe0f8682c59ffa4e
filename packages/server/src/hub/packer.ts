import type { CodecConfig, MediaFrame } from '@crossroom/media'
import type { Tracks } from './sink.js'

/**
 * How one protocol writes frames. Stateless: what a viewer was sent before is the fanout's business, so one packer
 * serves every viewer of a stream. All lengths are bytes, all times milliseconds from the viewer's start.
 */
export interface Packer {
  /** What every viewer gets first (file header, metadata). */
  start(tracks: Tracks): Uint8Array
  /**
   * `before`: the previous configuration. 0 when the codec has no configuration record and there is nothing else to
   * write.
   */
  byteLengthOfConfig(config: CodecConfig, timestampMs: number, before: Tracks): number
  /** Writes at `offset` and answers the offset behind it. */
  writeConfig(config: CodecConfig, timestampMs: number, out: Uint8Array, offset: number, before: Tracks): number
  byteLengthOfFrame(frame: MediaFrame, timestampMs: number): number
  writeFrame(frame: MediaFrame, timestampMs: number, out: Uint8Array, offset: number): number
}
