/**
 * What rooms need of WebRTC. Declared here because rooms do not know the endpoints; `endpoints/webrtc` fits it by shape and
 * `app.ts` is where the compiler checks that.
 */

import type { StreamKey } from '../../hub/index.js'

export type PublishedStreamType = 'main' | 'aux'
export type TrackKind = 'audio' | 'video'

/** One m-line that a browser publishes. */
export interface PublishedTrack {
  readonly mid: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
}

/** One track that a browser is to receive. The order of a subscription is its priority. */
export interface SubscribedTrack {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
  /** Key in the hub; the lower simulcast layer of it, when there is one, is at `key.small`. */
  readonly key: StreamKey
  /** Pixels; the gateway takes the lower layer when that is wide enough or when the path carries no more. Absent: the best. */
  readonly maxWidth?: number | undefined
}

export interface OfferedTrack {
  readonly mid: string
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
}

/** The server's offer of the down side. `revision` grows by one with each. */
export interface DownOffer {
  readonly sdp: string
  readonly revision: number
  readonly tracks: readonly OfferedTrack[]
  /** What did not fit into 24 video and 16 audio m-lines. */
  readonly skipped: readonly Omit<OfferedTrack, 'mid'>[]
}

/** 0 unknown, 1 best … 6 down. */
export type NetworkQuality = 0 | 1 | 2 | 3 | 4 | 5 | 6

/** What the gateway tells of one member. Never called from inside a call of {@link MemberMedia}, except `offer`. */
export interface MemberMediaHandlers {
  /** To be sent as `media.offer`. At most one is unanswered at a time. */
  offer(offer: DownOffer): void
  /** The hub refused or took away a publication; what is live or stalled is seen in the hub. */
  refused(streamType: PublishedStreamType, reason: string): void
  /** At most every two seconds. */
  quality(uplink: NetworkQuality, downlink: NetworkQuality): void
}

export interface MemberMediaOptions {
  readonly roomId: string
  readonly userId: string
  readonly remoteAddress: string
  /** Where what the member publishes goes, and as whom: the same subject takes its own stream over. */
  target(streamType: PublishedStreamType): { readonly key: StreamKey; readonly subject: string }
  readonly handlers: MemberMediaHandlers
}

/** One browser in one room: a PeerConnection up, another down, both made when they are first needed. */
export interface MemberMedia {
  /**
   * Takes an offer of the up side, the first or a later one on the same connection (tracks added or removed, ICE
   * restarted); answers the SDP. `tracks` is the whole list. Throws SdpError with a sentence.
   */
  publish(sdp: string, tracks: readonly PublishedTrack[]): string
  unpublish(streamType: PublishedStreamType): void
  /** Replaces the whole list of what goes down. Many changes within a moment are folded into one offer. */
  subscribe(tracks: readonly SubscribedTrack[]): void
  /** The answer to the offer of that revision; an answer to an older one is ignored. Throws SdpError. */
  answer(sdp: string, revision: number): void
  /** Trickled by a browser; the server is ICE-lite and needs none, so it is checked and counted only. */
  candidate(target: 'publish' | 'subscribe', candidate: string): void
  /** Offers the down side again with new ICE credentials; nothing when there is none yet. */
  restart(): void
  /** Idempotent. */
  close(): void
}

export interface MediaGateway {
  open(options: MemberMediaOptions): MemberMedia
}
