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
  /** Pictures are made anew in NAL units that fit a packet each, for who knows no other packets. */
  readonly isInSlices?: true
  /** What is needed of a stream that was published as FLV: its publisher has players for it. Absent, the same. */
  readonly ofFlv?: PlayerNeeds
}

/**
 * Gives the stream as players with these needs can take it, the same object for all of them: the stream itself, or one
 * that was derived from it. Declared here because endpoints do not know the transcoder.
 */
export type SourceFor = (stream: Stream, needs: PlayerNeeds) => FrameSource
