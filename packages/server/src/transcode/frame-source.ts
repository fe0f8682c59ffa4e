import type { MediaFrame } from '@crossroom/media'
import type { FrameSink, Tracks } from '../hub/sink.js'

/** What a play side needs of a stream. The hub's `Stream` fits by shape, and so does what is derived from one. */
export interface FrameSource {
  readonly key: string
  readonly tracks: Tracks
  readonly cachedFrames: readonly MediaFrame[]
  /** As `Stream.subscribe`. */
  subscribe(sink: FrameSink, start: 'gop' | 'live'): () => void
  /** As `Stream.whenTracksKnown`. */
  whenTracksKnown(callback: () => void): () => void
  /** As `Stream.requestKeyframe`. */
  requestKeyframe(): boolean
}
