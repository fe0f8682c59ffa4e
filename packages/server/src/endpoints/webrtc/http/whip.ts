import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  acceptedBundle,
  dtlsRoleFor,
  negotiate,
  parseRemoteDescription,
  planPublish,
  type NegotiatedMedia,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { StreamEndReason } from '../../../auth/index.js'
import { rtcLimits } from '../../../config/index.js'
import type { Audit } from '../../../observe/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import { describeSession, type RtcGateway } from '../port/index.js'
import { bearerOf, HttpRefusal, registerSessionRoutes, type OpenedSession, type SessionParams } from './routes.js'
import { PUBLISH_CODECS, PublishedStream, RtcPublish } from '../receive/index.js'
import { checkPending, refusalOf, streamRequestOf } from './session-requests.js'
import type { RtcSession, RtcSessions } from './sessions.js'

export interface WhipOptions {
  readonly environment: EndpointEnvironment
  readonly gateway: RtcGateway
  readonly sessions: RtcSessions
  readonly clientAddress: (request: FastifyRequest) => string
  /** `Link` headers that name ICE servers. */
  readonly links: (isKnown: boolean) => string[]
  readonly audit: Audit
}

interface BegunPublish {
  readonly session: RtcSession
  readonly publish: RtcPublish
}

/** `POST /whip/APP/STREAM` (RFC 9725): the client offers and sends. */
export class WhipEndpoint {
  readonly #options: WhipOptions

  constructor(options: WhipOptions) {
    this.#options = options
  }

  register(app: FastifyInstance): Promise<void> {
    const { gateway, sessions, links, audit, clientAddress } = this.#options
    return registerSessionRoutes(app, {
      ...{ prefix: 'whip', gateway, sessions, links, audit, clientAddress },
      open: (request, params, offer) => this.#open(request, params, offer),
    })
  }

  async #open(request: FastifyRequest, params: SessionParams, sdp: string): Promise<OpenedSession> {
    const { environment, sessions, clientAddress } = this.#options
    const offer = parseRemoteDescription(sdp)
    const remoteAddress = clientAddress(request)
    const owner = checkPending(sessions, remoteAddress)
    const media = negotiate(offer, planPublish(PUBLISH_CODECS), (length) => randomBytes(length))
    const connectionId = environment.newConnectionId()
    let begun: BegunPublish | undefined
    const stream = new PublishedStream({
      ...{ environment, protocol: 'whip', connectionId, remoteAddress },
      requestKeyframe: (mid, rid) => begun?.publish.requestKeyframe(mid, rid),
      onEnded: (reason) => begun?.session.end(reason),
    })
    const asked = streamRequestOf(request, params, 'publish', { remoteAddress, connectionId })
    const refusal = await stream.ask(environment, asked)
    if (refusal !== undefined) throw refusalOf(refusal.httpStatus, refusal.sentence)
    if (!stream.isOpen) throw new HttpRefusal(403, 'The publisher was removed.')
    try {
      stream.setMedia(media)
      begun = this.#begin(stream, offer, media, { owner, bearer: bearerOf(request) })
      const answer = describeSession(this.#options.gateway, offer, media, begun.session.peer.local)
      return { session: begun.session, answer, isKnown: stream.isKnown }
    } catch (error) {
      begun?.session.end('error')
      stream.end('error')
      throw error
    }
  }

  #begin(
    stream: PublishedStream,
    offer: RemoteDescription,
    media: NegotiatedMedia[],
    client: { readonly owner: string; readonly bearer: string | undefined },
  ): BegunPublish {
    const { gateway, sessions, environment } = this.#options
    const { metrics, clock } = environment
    const id = randomBytes(rtcLimits.sessionIdBytes).toString('base64url')
    const publish = new RtcPublish({
      ...{ gateway, media, clock },
      onFrame: (mid, rid, frame) => stream.handleFrame(mid, rid, frame),
    })
    const end = (reason: StreamEndReason) => {
      if (!sessions.remove(id)) return
      publish.close()
      stream.end(reason)
      peer.close()
      metrics.traffic('whip').bytesIn += publish.bytesIn
    }
    const peer = gateway.createPeer({
      remote: offer.ice,
      remoteFingerprint: offer.fingerprint,
      dtlsRole: dtlsRoleFor(offer),
      media: publish,
      handlers: {
        connected: (keys, _profile, address) => publish.handleConnected(keys, address),
        moved: (address) => publish.handleMoved(address),
        closed: (reason, failed) => end(failed || reason === 'consent-expired' ? 'timeout' : 'client'),
      },
    })
    const mid = acceptedBundle(offer, media)[0]!
    const session: RtcSession = { id, etag: `"${id.slice(0, 8)}"`, peer, ...client, mid, end }
    sessions.add(session)
    return { session, publish }
  }
}
