import { randomBytes } from 'node:crypto'
import type { RemoteTrack } from '@crossroom/protocol'
import {
  makeIceCredentials,
  negotiateAnswer,
  OFFERED_CODECS,
  OfferLines,
  writeOffer,
  type IceCredentials,
  type NegotiatedMedia,
  type OfferTrack,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { RtcGateway } from '../port/index.js'
import { idOf, type Decodes } from './down-track.js'
import type { DownOffer, SubscribedTrack } from '../../../rooms/index.js'

/** As many as a browser shows and plays; the signaling promises these. */
export const MAX_LINES = { audio: 16, video: 24 } as const

/** All offers that one PeerConnection of a browser can take: its m-lines, its id, what the browser takes of our codecs. */
export class DownSession {
  readonly #gateway: Pick<RtcGateway, 'candidates' | 'fingerprint' | 'cname'>
  readonly #id = String(randomBytes(6).readUIntBE(0, 6))
  readonly #lines = new OfferLines(MAX_LINES, (length) => randomBytes(length))
  #version = 0
  #ice = newCredentials()
  #codecs = OFFERED_CODECS

  constructor(gateway: Pick<RtcGateway, 'candidates' | 'fingerprint' | 'cname'>) {
    this.#gateway = gateway
  }

  /** Ours in the next offer, and in the last one. */
  get ice(): IceCredentials {
    return this.#ice
  }

  /** Nothing was ever offered. */
  get isEmpty(): boolean {
    return this.#lines.isEmpty
  }

  /** What the browser decodes, as far as is known. */
  get decodes(): Decodes {
    const has = (name: string) => this.#codecs.video.some(({ codec }) => codec === name)
    // Few browsers have these two: only an answer tells.
    const isAnswered = this.#codecs !== OFFERED_CODECS
    return {
      ...{ h264: has('h264'), vp8: has('vp8') },
      ...{ h265: isAnswered && has('h265'), av1: isAnswered && has('av1') },
    }
  }

  /** New ICE credentials from the next offer on. */
  restart(): void {
    this.#ice = newCredentials()
  }

  /** Whether an offer for these tracks would say nothing new. */
  isCurrent(tracks: readonly SubscribedTrack[]): boolean {
    return this.#lines.isCurrent(tracks.map(offerTrackOf))
  }

  /** The m-line of a track is free for another one. */
  release(id: string): void {
    this.#lines.release(id)
  }

  offer(tracks: readonly SubscribedTrack[], revision: number): DownOffer {
    const { media, skipped } = this.#lines.offer(tracks.map(offerTrackOf))
    this.#version++
    const { candidates, fingerprint, cname } = this.#gateway
    const local = { sessionId: this.#id, version: this.#version, ice: this.#ice, candidates, fingerprint, cname }
    const skippedIds = new Set(skipped.map(({ id }) => id))
    return {
      sdp: writeOffer(media, this.#codecs, local),
      revision,
      tracks: tracks.flatMap((track) => {
        const mid = this.#lines.mediaOf(idOf(track))?.mid
        return mid === undefined ? [] : [{ mid, ...nameOf(track) }]
      }),
      skipped: tracks.filter((track) => skippedIds.has(idOf(track))).map(nameOf),
    }
  }

  /** What the browser takes of the last offer. Throws SdpError, and then the offer is as unanswered as before. */
  accept(answer: RemoteDescription): NegotiatedMedia[] {
    const media = negotiateAnswer(this.#lines.offered, answer)
    this.#lines.answered()
    this.#learn(media)
    return media
  }

  /** The m-line of this track among the accepted ones. */
  lineOf(id: string, media: readonly NegotiatedMedia[]): NegotiatedMedia | undefined {
    const own = this.#lines.mediaOf(id)
    return own && media.find(({ local }) => local === own.stream)
  }

  /** The first answer with pictures tells what the browser decodes; later offers are as short as that allows. */
  #learn(media: readonly NegotiatedMedia[]): void {
    const video = media.find(({ kind }) => kind === 'video')
    if (video === undefined || this.#codecs !== OFFERED_CODECS) return
    const taken = new Set(video.codecs.map(({ payloadType }) => payloadType))
    const codecs = OFFERED_CODECS.video.filter(({ payloadType }) => taken.has(payloadType))
    this.#codecs = { audio: OFFERED_CODECS.audio, video: codecs }
  }
}

/** Tracks with the same stream id play in sync; all characters of user ids are allowed in it. */
function offerTrackOf(track: SubscribedTrack): OfferTrack {
  return { id: idOf(track), kind: track.kind, streamId: `${track.userId}-${track.streamType}` }
}

function nameOf({ userId, streamType, kind }: SubscribedTrack): RemoteTrack {
  return { userId, streamType, kind }
}

function newCredentials(): IceCredentials {
  return makeIceCredentials((length) => randomBytes(length))
}
