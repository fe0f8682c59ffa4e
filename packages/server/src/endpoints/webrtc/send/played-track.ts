import type { Micros } from '@crossroom/media'
import type { Egress, NegotiatedMedia, PlaySender, TrackId } from '@crossroom/webrtc'
import type { Clock } from '../../../hub/index.js'
import type { RateMeter } from './rate-meter.js'

/** What a track sends with, while its viewer is connected and has an m-line for it. */
export interface Sending {
  readonly egress: Egress
  readonly clock: Clock
  readonly sender: PlaySender
  readonly media: NegotiatedMedia
  readonly track: TrackId
  readonly ssrc: number
}

/** One track of one viewer: takes frames from a fanout, whichever is behind it at the time. */
export interface PlayedTrack {
  readonly kind: 'video' | 'audio'
  /** The source's current bit rate; undefined without a source. */
  readonly rate: RateMeter | undefined
  /** The source's RTP time at `now`; undefined while that is not known. */
  rtpTimestampAt(now: Micros): number | undefined
  /** Media may flow. */
  bind(sending: Sending): void
  /** The track in the egress is gone. */
  unbind(): void
  /** The viewer cannot decode. */
  handleKeyframeWanted(): void
  /** The burst that started it has left. */
  handleReplayed(): void
  /** Whether the viewer loses so much that its sound is to be sent with its past. */
  setRedundancy(isWanted: boolean): void
}
