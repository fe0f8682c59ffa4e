import type { FrameSource, Stream } from '../../hub/index.js'

/** The two kinds of browsers there are, those with H.264 and those without, and the sound alone for either. */
export type PlayableKind = 'webrtc-h264' | 'webrtc-vp8' | 'webrtc-audio'

/**
 * Gives the stream as browsers of that kind can take it; the same object for all of them. The transcoder makes it;
 * declared here because endpoints do not know it.
 */
export type MakePlayable = (stream: Stream, kind: PlayableKind) => FrameSource
