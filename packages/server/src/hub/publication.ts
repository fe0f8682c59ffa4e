import type { MediaFrame, Micros } from '@crossroom/media'

/** The publisher. */
export interface PublisherInfo {
  readonly id: string
  /** `rtmp`, `whip`, `transcode`, `relay`, …: for lists and metrics only. */
  readonly protocol: string
  readonly remoteAddress: string
  /** A client with the same subject takes the stream over; without a subject no client can. */
  readonly subject?: string
  /** Called when the hub ends the publication: taken over, silent, kicked, shut down. The connection is then closed. */
  onClose(reason: PublicationEnd): void
  /** Its frames come with times of the server's clock, as WebRTC's do: there is no clock of the publisher's to judge. */
  readonly hasServerTime?: boolean
  /** A copy from another node, which has judged its times. It yields to a publisher here and to a newer copy. */
  readonly isCopy?: true
  /** It is recorded from its first frame to its end. */
  readonly isRecorded?: true
  /** Asks the encoder for a keyframe, where its protocol can. */
  requestKeyframe?(): void
}

export type PublicationEnd = 'replaced' | 'silent' | 'kicked' | 'shutdown'

/** Why a track of a publisher is not forwarded. */
export interface TrackRefusal {
  readonly kind: 'audio' | 'video'
  /** Stable. */
  readonly code: string
  readonly reason: string
}

/** What a publication feeds. */
interface PublishedTo {
  handlePublished(frame: MediaFrame): void
  handleAnnounced(kinds: readonly TrackRefusal['kind'][]): void
  handleVideoWithheld(): void
  handleUnpublished(publication: Publication): void
}

/** The right to push frames into a stream until `end` or until the hub takes it away. */
export class Publication {
  readonly info: PublisherInfo
  readonly startedAt: Micros
  /** Tracks that are sent and cannot be carried, by kind. */
  readonly refusals = new Map<TrackRefusal['kind'], TrackRefusal>()
  #stream: PublishedTo | undefined

  constructor(stream: PublishedTo, info: PublisherInfo, startedAt: Micros) {
    this.#stream = stream
    this.info = info
    this.startedAt = startedAt
  }

  /** Hands one frame to every subscriber. After the end it does nothing. */
  push(frame: MediaFrame): void {
    if (this.refusals.size > 0) this.refusals.delete(frame.config.kind)
    this.#stream?.handlePublished(frame)
  }

  /** Of a copy: its tracks are these, and all cached frames have been pushed. Viewers may start. */
  announce(kinds: readonly TrackRefusal['kind'][]): void {
    this.#stream?.handleAnnounced(kinds)
  }

  /** Of a copy: where it is published its video is withheld from now on; cached frames may not be shown. */
  withholdVideo(): void {
    this.#stream?.handleVideoWithheld()
  }

  /** The publisher left by itself. */
  end(): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.handleUnpublished(this)
  }

  /** The hub ends it. */
  close(reason: PublicationEnd): void {
    if (this.#stream === undefined) return
    this.end()
    this.info.onClose(reason)
  }
}
