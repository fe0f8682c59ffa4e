import { randomBytes } from 'node:crypto'
import {
  negotiate,
  planPublish,
  type PeerAddress,
  type RemoteDescription,
  type SrtpKeys,
  type SrtpProfile,
} from '@crossroom/webrtc'
import type { StreamEndReason } from '../../../auth/index.js'
import { PUBLISH_CODECS, PublishedStream, RtcPublish } from '../receive/index.js'
import { RtcSession, type SessionContext, type SessionPost } from './session.js'
import { HttpRefusal, refusalOf } from './session-requests.js'

/** `POST /whip/APP/STREAM` (RFC 9725): the client offers and sends. */
export class WhipSession extends RtcSession {
  readonly #stream: PublishedStream
  #publish: RtcPublish | undefined

  constructor(context: SessionContext, post: SessionPost) {
    super(context, post)
    const { connectionId, remoteAddress } = post.asked
    this.#stream = new PublishedStream({
      ...{ environment: context.environment, protocol: 'whip', connectionId, remoteAddress },
      requestKeyframe: (mid, rid) => this.#publish?.requestKeyframe(mid, rid),
      onEnded: (reason) => this.end(reason),
    })
  }

  get isKnown(): boolean {
    return this.#stream.isKnown
  }

  protected async admit(offer: RemoteDescription): Promise<string> {
    const { environment, gateway } = this.context
    const media = negotiate(offer, planPublish(PUBLISH_CODECS), (length) => randomBytes(length))
    const refusal = await this.#stream.ask(environment, this.post.asked)
    if (refusal !== undefined) throw refusalOf(refusal.httpStatus, refusal.sentence)
    if (!this.#stream.isOpen) throw new HttpRefusal(403, 'The publisher was removed.')
    this.#stream.setMedia(media)
    this.#publish = new RtcPublish({
      ...{ gateway, media, clock: environment.clock },
      onFrame: (mid, rid, frame) => this.#stream.handleFrame(mid, rid, frame),
    })
    return this.connect(offer, media, this.#publish)
  }

  protected handleConnected(keys: SrtpKeys, _profile: SrtpProfile, address: PeerAddress | undefined): void {
    this.#publish?.handleConnected(keys, address)
  }

  protected release(reason: StreamEndReason): void {
    this.#publish?.close()
    this.#stream.end(reason)
    this.context.environment.metrics.traffic('whip').bytesIn += this.#publish?.bytesIn ?? 0
  }
}
