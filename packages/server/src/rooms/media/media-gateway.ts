/** The interface that rooms require from WebRTC: `endpoints/webrtc/rooms` implements it. */

import type { NetworkQuality, OfferParams, PublishedStreamType, PublishedTrack, RemoteTrack } from '@crossroom/protocol'
import type { StreamKey } from '../../hub/index.js'

/** One track that a browser is to receive. The order of a subscription is its priority. */
export interface SubscribedTrack extends RemoteTrack {
  /** Key in the hub; the lower simulcast layer of it, when there is one, is at `key.small`. */
  readonly key: StreamKey
  /** Pixels; the gateway takes the lower layer when that is wide enough or when the path carries no more. Absent: the best. */
  readonly maxWidth?: number | undefined
}

/** The server's offer of the down side. */
export type DownOffer = Required<OfferParams>

/** The gateway's events about one member. Never called during a call of {@link MemberMedia}, except `offer`. */
export interface MemberMediaHandlers {
  /** To be sent as `media.offer`. At most one is unanswered at a time. */
  offer(offer: DownOffer): void
  /** The hub refused or ended a publication; the hub shows whether it is live or stalled. */
  refused(streamType: PublishedStreamType, reason: string): void
  /** At most every two seconds. */
  quality(uplink: NetworkQuality, downlink: NetworkQuality): void
}

export interface MemberMediaOptions {
  readonly roomId: string
  readonly userId: string
  readonly remoteAddress: string
  /** Key and subject of the member's publication: the same subject takes its own stream over. */
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
  /** Replaces the whole list of sent streams. Many changes within a moment are folded into one offer. */
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
