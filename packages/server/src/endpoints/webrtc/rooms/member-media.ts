/**
 * What a room asks of a browser's media, and what it is told: the shapes of `rooms/media-gateway.ts`, which this layer does
 * not know. The composition root is where the compiler compares them.
 */

import type { StreamKey } from '../../../hub/index.js'

export type StreamType = 'main' | 'aux'
export type TrackKind = 'audio' | 'video'

/** One track that a browser is to receive. The order of a subscription is its priority. */
export interface SubscribedTrack {
  readonly userId: string
  readonly streamType: StreamType
  readonly kind: TrackKind
  /** Key in the hub. */
  readonly key: StreamKey
  /** Pixels in which it is shown: a lower layer that is as wide is enough. Absent: the best. */
  readonly maxWidth?: number | undefined
}

/** A track without its place. */
export type NamedTrack = Pick<SubscribedTrack, 'userId' | 'streamType' | 'kind'>

export interface OfferedTrack extends NamedTrack {
  readonly mid: string
}

/** An offer of the down side. `revision` grows by one with each. */
export interface DownOffer {
  readonly sdp: string
  readonly revision: number
  readonly tracks: readonly OfferedTrack[]
  /** What did not fit. */
  readonly skipped: readonly NamedTrack[]
}

/** 0 unknown, 1 best … 6 down. */
export type NetworkQuality = 0 | 1 | 2 | 3 | 4 | 5 | 6

/** What a room is told of one member. Never called from inside a call of the member's media, except `offer`. */
export interface MemberMediaHandlers {
  offer(offer: DownOffer): void
  refused(streamType: StreamType, reason: string): void
  quality(uplink: NetworkQuality, downlink: NetworkQuality): void
}

export interface MemberMediaOptions {
  readonly roomId: string
  readonly userId: string
  readonly remoteAddress: string
  /** Where what the member publishes goes, and as whom. */
  target(streamType: StreamType): { readonly key: StreamKey; readonly subject: string }
  readonly handlers: MemberMediaHandlers
}
