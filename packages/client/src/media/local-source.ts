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

/** What camera, microphone and screen tell. */
export interface LocalEvents {
  /** What is to be sent, or whether it is muted, is not as before. */
  changed(): void
  /** The person ended the sharing, or the shared window is gone. */
  screenStopped(): void
  firstFrame(streamType: PublishedStreamType, width: number, height: number): void
  sizeChanged(streamType: PublishedStreamType, width: number, height: number): void
  /** Something ended that nobody waits for. */
  failed(error: CrossroomError): void
}
