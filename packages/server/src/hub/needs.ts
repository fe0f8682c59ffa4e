import type { AudioCodec, VideoCodec } from '@crossroom/media'
import type { FrameSource } from './sink.js'
import type { Stream } from './stream.js'

/** What one kind of player can take. Each protocol declares its own. */
export interface PlayerNeeds {
  /** Distinguishes needs in lists, logs and metrics, such as `flv`. Equal names mean equal needs. */
  readonly name: string
  /** Codecs by preference; the first that can be reached is taken. */
  readonly audio: readonly AudioCodec[]
  readonly video: readonly VideoCodec[]
  /** Whether display order may differ from decoding order. RTP has no place for two times, so browsers say no. */
  readonly reordered: boolean
  /** Pictures are converted although they would fit: so that they begin with a keyframe. */
  readonly isMadeAnew?: true
  /** Video is re-encoded in NAL units that each fit a packet, for players of packetization mode 0. */
  readonly isInSlices?: true
  /** The needs if the stream was published as FLV: its publisher has players for it. Absent, the same. */
  readonly ofFlv?: PlayerNeeds
}

/**
 * Returns the stream in a form for players with these needs, the same object for all of them: the stream itself, or a
 * derived one. Declared here because endpoints do not know the transcoder.
 */
export type SourceFor = (stream: Stream, needs: PlayerNeeds) => FrameSource
