import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  dtlsRoleFor,
  negotiate,
  parseRemoteDescription,
  planPublish,
  type CodecWish,
  type NegotiatedMedia,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { Grant, StreamEndReason } from '../../auth/index.js'
import { rtcLimits } from '../../config/index.js'
import type { Publication, PublicationEnd } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { describeSession } from './description.js'
import type { RtcGateway } from './gateway.js'
import { bearerOf, HttpRefusal, registerSessionRoutes, type OpenedSession, type SessionParams } from './http.js'
import { RtcPublish } from './publish.js'
import { checkPending, refusalOf, streamRequestOf } from './session-requests.js'
import type { RtcSession, RtcSessions } from './sessions.js'

export interface WhipOptions {
  readonly environment: EndpointEnvironment
  readonly gateway: RtcGateway
  readonly sessions: RtcSessions
  readonly clientAddress: (request: FastifyRequest) => string
  /** `Link` headers that name ICE servers. */
  readonly links: () => string[]
}

/** H.264 first: phones play it as it is. Everything else has to be converted for them. */
const WISHES: { readonly audio: readonly CodecWish[]; readonly video: readonly CodecWish[] } = {
  audio: [{ codec: 'opus', useRed: true }],
  video: [{ codec: 'h264' }, { codec: 'vp8' }, { codec: 'vp9' }, { codec: 'av1' }, { codec: 'h265' }],
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
    const { gateway, sessions, links } = this.#options
    return registerSessionRoutes(app, {
      prefix: 'whip',
      gateway,
      sessions,
      links,
      open: (request, params, offer) => this.#open(request, params, offer),
    })
  }

  async #open(request: FastifyRequest, params: SessionParams, sdp: string): Promise<OpenedSession> {
    const { environment, sessions, clientAddress } = this.#options
    const offer = parseRemoteDescription(sdp)
    const remoteAddress = clientAddress(request)
    const owner = checkPending(sessions, request, remoteAddress)
    const media = negotiate(offer, planPublish(WISHES), (length) => randomBytes(length))
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
    const { hub, metrics, clock, log } = environment
    const traffic = metrics.traffic.whip
    const id = randomBytes(rtcLimits.sessionIdBytes).toString('base64url')
    const publication: Publication | undefined = hub.open(grant.key).publish({
      id: client.connectionId,
      protocol: 'whip',
      remoteAddress: client.remoteAddress,
      ...(grant.subject === undefined ? {} : { subject: grant.subject }),
      onClose: (reason) => end(END_REASONS[reason]),
      requestKeyframe: () => publish.requestKeyframe(),
    })
    if (publication === undefined) {
      metrics.refused('whip', 'BUSY')
      throw new HttpRefusal(409, `Somebody publishes ${grant.key} already.`)
    }
    const publish = new RtcPublish({
      gateway,
      media,
      clock,
      onFrame: (frame) => {
        traffic.framesIn++
        publication.push(frame)
      },
    })
    const unlist = this.#list(grant.key, client, publish, () => publication.close('kicked'))
    const end = (reason: StreamEndReason) => {
      if (!sessions.remove(id)) return
      publish.close()
      publication.end()
      peer.close()
      unlist()
      metrics.publisherEnded('whip')
      traffic.bytesIn += publish.bytesIn
      log.info({ stream: grant.key, reason, bytes: publish.bytesIn }, 'WHIP publish ended')
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
    const session: RtcSession = { id, etag: `"${id.slice(0, 8)}"`, peer, bearer, owner, mid: media[0]!.mid, end }
    sessions.add(session)
    metrics.publisherStarted('whip')
    log.info({ stream: grant.key, remoteAddress: client.remoteAddress }, 'WHIP publish began')
    grant.opened()
    grant.onRevoked(() => publication.close('kicked'))
    return { session, answer: describeSession(gateway, offer, media, peer.local) }
  }

  #list(
    streamKey: string,
    client: { connectionId: string; remoteAddress: string },
    publish: RtcPublish,
    kick: () => void,
  ): () => void {
    const { connections, clock } = this.#options.environment
    return connections.add({
      id: client.connectionId,
      role: 'publisher',
      protocol: 'whip',
      remoteAddress: client.remoteAddress,
      streamKey,
      startedAt: clock.now(),
      bytes: () => publish.bytesIn,
      droppedFrames: () => 0,
      kick,
    })
  }
}
