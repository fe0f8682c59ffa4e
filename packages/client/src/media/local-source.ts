import type { PublishedStreamType, TrackKind } from '@crossroom/protocol'
import type { CrossroomError } from '../errors.js'
import type { VideoProfile } from '../options.js'

/** One of the own tracks that others are to get. */
export interface LocalTrack {
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
  readonly track: MediaStreamTrack
  readonly muted: boolean
  /** Of video. */
  readonly profile?: VideoProfile
}

/** Events of camera, microphone and screen. */
export interface LocalEvents {
  /** The tracks to publish, or their muting, changed. */
  changed(): void
  /** The person ended the sharing, or the shared window is gone. */
  screenStopped(): void
  firstFrame(streamType: PublishedStreamType, width: number, height: number): void
  sizeChanged(streamType: PublishedStreamType, width: number, height: number): void
  /** A source ended in the background. */
  failed(error: CrossroomError): void
}
