import type { Kinds } from '../model/policy.js'
import type { ParamsOf, PublishedStreamType, ResultOf } from '@crossroom/protocol'
import type { MediaGateway, MemberMedia, MemberMediaHandlers, MemberMediaOptions } from '../media/media-gateway.js'
import type { MemberList } from './member-list.js'
import type { Receiver } from './receiver.js'
import { RoomError } from '../model/room-error.js'
import { textOfTracks, subscribedTracks, type Subscription } from './subscribed-tracks.js'

export interface ParticipantMediaOptions {
  readonly gateway: MediaGateway | undefined
  readonly userId: string
  readonly roomId: string
  readonly remoteAddress: string
  readonly receiver: Receiver
  readonly target: MemberMediaOptions['target']
  readonly handlers: MemberMediaHandlers
}

/** One participant's WebRTC media, created on first use. */
export class ParticipantMedia {
  readonly #options: ParticipantMediaOptions
  #media: MemberMedia | undefined
  #subscription: Subscription = []
  #told = ''

  constructor(options: ParticipantMediaOptions) {
    this.#options = options
  }

  /** Answers which kinds the offer publishes of each stream. */
  publish({ sdp, tracks }: ParamsOf<'media.publish'>): ResultOf<'media.publish'> {
    const media = this.#open()
    return { sdp: saying(() => media.publish(sdp, tracks)) }
  }

  unpublish(streamType: PublishedStreamType): void {
    this.#media?.unpublish(streamType)
  }

  subscribe(subscription: Subscription, list: MemberList, speakers: readonly string[]): void {
    if (subscription.length > 0) this.#open()
    this.#subscription = subscription
    this.update(list, speakers)
  }

  /** The room or the order of speakers changed. */
  update(list: MemberList, speakers: readonly string[]): void {
    if (this.#media === undefined) return
    const { userId, receiver } = this.#options
    const may = receiver.may.bind(receiver)
    const tracks = subscribedTracks({ list, subscription: this.#subscription, userId, may, speakers })
    const text = textOfTracks(tracks)
    if (text === this.#told) return
    this.#media.subscribe(tracks)
    this.#told = text
  }

  answer({ sdp, revision }: ParamsOf<'media.answer'>): void {
    saying(() => this.#media?.answer(sdp, revision))
  }

  candidate({ target, candidate }: ParamsOf<'media.candidate'>): void {
    saying(() => this.#media?.candidate(target, candidate))
  }

  restart(): void {
    this.#media?.restart()
  }

  close(): void {
    this.#media?.close()
    this.#media = undefined
  }

  #open(): MemberMedia {
    if (this.#media !== undefined) return this.#media
    const { gateway, userId, roomId, remoteAddress, target, handlers } = this.#options
    if (gateway === undefined)
      throw new RoomError('WEBRTC_OFF', 'WebRTC is off on this server; push by RTMP and play by FLV or RTMP instead.')
    this.#media = gateway.open({ roomId, userId, remoteAddress, target, handlers })
    return this.#media
  }
}

/** Which kinds a list of tracks names of a stream; undefined when it names none. */
export function kindsOf(
  tracks: ParamsOf<'media.publish'>['tracks'],
  streamType: PublishedStreamType,
): Kinds | undefined {
  const own = tracks.filter((track) => track.streamType === streamType)
  if (own.length === 0) return undefined
  return { audio: own.some(({ kind }) => kind === 'audio'), video: own.some(({ kind }) => kind === 'video') }
}

/** The gateway's SDP errors as protocol errors; identified by code, because rooms do not import WebRTC. */
function saying<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    if (typeof code === 'string' && code.startsWith('SDP_')) throw new RoomError('SDP_INVALID', String(message))
    throw error
  }
}
