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
import type { Grant, StreamEndReason } from '../../auth/index.js'
import { rtcLimits } from '../../config/index.js'
import type { PublicationEnd } from '../../hub/index.js'
import type { Audit } from '../../observe/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { describeSession } from './description.js'
import type { RtcGateway } from './gateway.js'
import { bearerOf, HttpRefusal, registerSessionRoutes, type OpenedSession, type SessionParams } from './http.js'
import { PUBLISH_WISHES, RtcPublish } from './publish.js'
import { PublishedStream } from './published-stream.js'
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

const END_REASONS: Record<PublicationEnd, StreamEndReason> = {
  replaced: 'taken-over',
  silent: 'timeout',
  kicked: 'kicked',
  shutdown: 'shutdown',
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
    const media = negotiate(offer, planPublish(PUBLISH_WISHES), (length) => randomBytes(length))
    const connectionId = environment.newConnectionId()
    const admission = await environment.gate.admit(
      streamRequestOf(request, params, 'publish', { remoteAddress, connectionId }),
    )
    if (!admission.ok) {
      environment.metrics.refused('whip', admission.code)
      throw refusalOf(admission.httpStatus, admission.sentence)
    }
    try {
      return this.#begin(admission, offer, media, { connectionId, remoteAddress, owner, bearer: bearerOf(request) })
    } catch (error) {
      admission.closed('error')
      throw error
    }
  }

  #begin(
    grant: Grant,
    offer: RemoteDescription,
    media: NegotiatedMedia[],
    client: { connectionId: string; remoteAddress: string; owner: string; bearer: string | undefined },
  ): OpenedSession {
    const { gateway, sessions, environment } = this.#options
    const { metrics, clock, log } = environment
    const id = randomBytes(rtcLimits.sessionIdBytes).toString('base64url')
    const stream = new PublishedStream({
      ...{ environment, protocol: 'whip', id: client.connectionId, remoteAddress: client.remoteAddress },
      ...{ key: grant.key, subject: grant.subject },
      requestKeyframe: (mid, rid) => publish.requestKeyframe(mid, rid),
      onTaken: (reason) => end(END_REASONS[reason]),
    })
    if (!stream.open()) throw new HttpRefusal(409, `Somebody publishes ${grant.key.label} already.`)
    stream.setMedia(media)
    const publish = new RtcPublish({
      ...{ gateway, media, clock },
      onFrame: (mid, rid, frame) => stream.handleFrame(mid, rid, frame),
    })
    const end = (reason: StreamEndReason) => {
      if (!sessions.remove(id)) return
      publish.close()
      stream.end()
      peer.close()
      metrics.traffic('whip').bytesIn += publish.bytesIn
      log.info({ stream: grant.key.label, reason, bytes: publish.bytesIn }, 'WHIP publish ended')
      grant.closed(reason)
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
    const { bearer, owner } = client
    const session: RtcSession = {
      id,
      etag: `"${id.slice(0, 8)}"`,
      peer,
      bearer,
      owner,
      mid: acceptedBundle(offer, media)[0]!,
      end,
    }
    sessions.add(session)
    log.info({ stream: grant.key.label, remoteAddress: client.remoteAddress }, 'WHIP publish began')
    grant.opened()
    grant.onRevoked((reason) => (reason === 'expired' ? end('expired') : stream.close('kicked')))
    return { session, answer: describeSession(gateway, offer, media, peer.local), isKnown: grant.subject !== undefined }
  }
}
