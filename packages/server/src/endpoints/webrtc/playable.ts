import type { FrameSink, Stream, Tracks } from '../../hub/index.js'
import type { MediaFrame } from '@crossroom/media'

/** What a browser can take; the transcoder makes it of any stream. Declared here because endpoints do not know it. */
export interface PlayableStream {
  readonly tracks: Tracks
  readonly cachedFrames: readonly MediaFrame[]
  subscribe(sink: FrameSink, start: 'gop' | 'live'): () => void
  whenTracksKnown(callback: () => void): () => void
  requestKeyframe(): boolean
}

/** The two kinds of browsers there are: those with H.264 and those without. */
export type PlayableKind = 'webrtc-h264' | 'webrtc-vp8'

/** Gives the stream as browsers of that kind can take it; the same object for all of them. */
export type MakePlayable = (stream: Stream, kind: PlayableKind) => PlayableStream
