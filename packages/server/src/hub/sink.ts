import type { AudioConfig, MediaFrame, Micros, VideoConfig } from '@crossroom/media'
import type { StreamKey } from './stream-key.js'

/** The tracks of a stream as last seen. A stream may have either, both, or (before its first frame) none. */
export interface Tracks {
  readonly video?: VideoConfig
  readonly audio?: AudioConfig
}

/** Why a stream is over for its subscribers. */
export type EndReason = 'ended' | 'kicked' | 'shutdown'

/** A source of frames: a stream of the hub, or a derived one for a kind of viewer. */
export interface FrameSource {
  readonly key: StreamKey
  readonly tracks: Tracks
  /** Those of the tracks that still come; absent where they are the same. */
  readonly promised?: Tracks
  /** See `GopCache.frames`. */
  readonly cachedFrames: readonly MediaFrame[]
  /** See `GopCache.recent`. */
  readonly recentFrames: readonly MediaFrame[]
  /** Its publisher makes keyframes when it is asked, though perhaps not always. */
  readonly isAskable: boolean
  /** See `Stream.heardAt`. */
  readonly heardAt: Micros
  /** See `Stream.subscribe`. */
  subscribe(sink: FrameSink, start: 'gop' | 'recent' | 'live'): () => void
  /** See `Stream.whenTracksKnown`. */
  whenTracksKnown(callback: () => void, kind?: string): () => void
  /** See `Stream.requestKeyframe`. */
  requestKeyframe(): boolean
}

/**
 * Returns re-encoded video of a stream that starts with a keyframe of the current picture: for viewers that would
 * otherwise wait too long. Undefined without a codec process. Shared by all waiting viewers.
 */
export type BridgeOf = (stream: FrameSource) => FrameSource | undefined

/** The demand for a stream. */
export interface Demand {
  /** They take its frames. */
  readonly subscribers: number
  /** They wait for its tracks. */
  readonly waiters: number
}

/** A subscriber: what a protocol's play side, a transcoder, a recorder and a relay give to `Stream.subscribe`. */
export interface FrameSink {
  /** The kind of player that it serves, as demand is counted: `flv`, the name of needs, `mix`, … */
  readonly kind?: string
  /** Frames arrive in order of arrival; dts never falls within one track. */
  handleFrame(frame: MediaFrame): void
  /** The publisher is gone; the stream waits for its return. The next frame, if any, follows on in time. */
  handleInterrupted?(): void
  /** Video is withheld from now on: cached frames may not be shown. It resumes with a keyframe. */
  handleVideoWithheld?(): void
  /** The stream is over: nothing follows. */
  handleEnd(reason: EndReason): void
}
