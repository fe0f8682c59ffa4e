import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  acceptedBundle,
  dtlsRoleFor,
  isFragmentable,
  negotiate,
  parseRemoteDescription,
  planPlay,
  type CodecPreference,
  type NegotiatedMedia,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { StreamEndReason } from '../../../auth/index.js'
import { rtcLimits } from '../../../config/index.js'
import type { EndReason, Stream, Tracks } from '../../../hub/index.js'
import type { Audit } from '../../../observe/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import { PlayAttempt } from '../../play-attempt.js'
import { AudioPlay, type PlayableKind, RtcPlay, type RtpFanouts, VideoPlay, WEBRTC_NEEDS } from '../send/index.js'
import { describeSession, type RtcGateway } from '../port/index.js'
import { bearerOf, HttpRefusal, registerSessionRoutes, type OpenedSession, type SessionParams } from './routes.js'
import { checkPending, refusalOf, streamRequestOf } from './session-requests.js'
import type { RtcSession, RtcSessions } from './sessions.js'

export interface WhepOptions {
  readonly environment: EndpointEnvironment
  readonly gateway: RtcGateway
  readonly fanouts: RtpFanouts
  readonly sessions: RtcSessions
  readonly clientAddress: (request: FastifyRequest) => string
  /** `Link` headers that name ICE servers. */
  readonly links: (isKnown: boolean) => string[]
  readonly audit: Audit
}

/** `POST /whep/APP/STREAM` (draft-ietf-wish-whep): the client offers, the server answers and sends. */
export class WhepEndpoint {
  readonly #options: WhepOptions
  constructor(options: WhepOptions) {
    this.#options = options
  }

  register(app: FastifyInstance): Promise<void> {
    const { gateway, sessions, links, audit, clientAddress } = this.#options
    return registerSessionRoutes(app, {
      ...{ prefix: 'whep', gateway, sessions, links, audit, clientAddress },
      open: (request, params, offer) => this.#open(request, params, offer),
    })
  }

  async #open(request: FastifyRequest, params: SessionParams, sdp: string): Promise<OpenedSession> {
    const offer = parseRemoteDescription(sdp)
    const remoteAddress = this.#options.clientAddress(request)
    const owner = checkPending(this.#options.sessions, remoteAddress)
    const { attempt, stream } = await this.#admit(request, params, remoteAddress)
    try {
      const kind = kindFor(offer, stream.tracks)
      const preferences = allowed(preferencesFor(stream.tracks, kind), attempt.filters.without)
      const media = negotiate(offer, planPlay(preferences), (length) => randomBytes(length))
      return this.#answer(attempt, { stream, kind }, offer, media, { bearer: bearerOf(request), owner })
    } catch (error) {
      attempt.close('error')
      throw error
    }
  }

  /** Resolves when the stream is there; rejects with the refusal. */
  #admit(
    request: FastifyRequest,
    params: SessionParams,
    remoteAddress: string,
  ): Promise<{ attempt: PlayAttempt; stream: Stream }> {
    const { environment } = this.#options
    return new Promise((resolve, reject) => {
      const attempt = new PlayAttempt(
        environment,
        streamRequestOf(request, params, 'play', { remoteAddress, connectionId: environment.newConnectionId() }),
        {
          refused: ({ httpStatus, sentence }) => reject(refusalOf(httpStatus, sentence)),
          notFound: () => reject(new HttpRefusal(404, `${params.app}/${params.stream} has no publisher.`)),
          waiting: (stream) => resolve({ attempt, stream }),
          ready: (stream) => resolve({ attempt, stream }),
        },
        // The offer decides which media is sent.
        undefined,
      )
    })
  }

  #answer(
    attempt: PlayAttempt,
    source: { readonly stream: Stream; readonly kind: PlayableKind },
    offer: RemoteDescription,
    media: NegotiatedMedia[],
    client: { readonly bearer: string | undefined; readonly owner: string },
  ): OpenedSession {
    const { gateway, fanouts, sessions, environment } = this.#options
    const id = randomBytes(rtcLimits.sessionIdBytes).toString('base64url')
    const askedAt = environment.clock.now()
    let connectedAt: number | undefined
    const end = (reason: StreamEndReason) => {
      if (!sessions.remove(id)) return
      const connectMs = connectedAt === undefined ? undefined : (connectedAt - askedAt) / 1000
      environment.log.info({ session: id.slice(0, 8), reason, connectMs, ...figuresOf(play) }, 'WHEP session ended')
      unwatch()
      play.close()
      for (const track of tracks) track.detach()
      peer.close()
      attempt.close(reason)
    }
    const play = new RtcPlay({ gateway, clock: environment.clock, onStarted: () => attempt.joined() })
    const handleEnd = (reason: EndReason) => end(reason === 'ended' ? 'stream-ended' : reason)
    const tracks = media.map((line) => {
      const track = line.kind === 'video' ? new VideoPlay(handleEnd) : new AudioPlay(handleEnd)
      play.add(track, line)
      return track
    })
    // A client that offers but never connects causes no conversion: until the connection, the stream is only watched for
    // its end.
    const unwatch = source.stream.subscribe({ kind: source.kind, handleFrame: () => undefined, handleEnd }, 'live')
    const attach = (): void => {
      const needs = WEBRTC_NEEDS[source.kind]
      const fanout = fanouts.of(environment.sourceFor(source.stream, needs), needs.isInSlices)
      for (const track of tracks) track.attach(fanout)
      unwatch()
    }
    const peer = gateway.createPeer({
      remote: offer.ice,
      remoteFingerprint: offer.fingerprint,
      dtlsRole: dtlsRoleFor(offer),
      media: play,
      handlers: {
        connected: (keys, profile, address) => {
          connectedAt = environment.clock.now()
          attach()
          play.handleConnected(keys, profile, address)
        },
        moved: (address) => play.handleMoved(address),
        closed: (reason, failed) => {
          environment.log.debug({ session: id.slice(0, 8), reason, failed }, 'WHEP transport closed')
          end(failed || reason === 'consent-expired' ? 'timeout' : 'client')
        },
      },
    })
    const session: RtcSession = {
      id,
      etag: `"${id.slice(0, 8)}"`,
      peer,
      mid: acceptedBundle(offer, media)[0]!,
      ...client,
      end,
    }
    sessions.add(session)
    attempt.enter({
      bytes: () => play.bytesSent,
      droppedFrames: () => play.droppedFrames,
      kick: () => end('kicked'),
      leave: () => play.close(),
    })
    return { session, answer: describeSession(gateway, offer, media, peer.local), isKnown: attempt.isKnown }
  }
}

interface Preferences {
  readonly audio: readonly CodecPreference[]
  readonly video: readonly CodecPreference[]
}

/** Of a kind that the player may not have, no m-line is accepted. */
function allowed(preferences: Preferences, without: 'audio' | 'video' | undefined): Preferences {
  return without === undefined ? preferences : { ...preferences, [without]: [] }
}

/** Figures for the log at the end of a session. */
function figuresOf(play: RtcPlay): Record<string, number | undefined> {
  const { stats } = play
  if (stats === undefined) return {}
  return {
    bytes: play.bytesSent,
    droppedFrames: play.droppedFrames,
    roundTripMs: stats.roundTrip === undefined ? undefined : stats.roundTrip / 1000,
    lossFraction: stats.lossFraction,
    estimate: stats.estimate,
    nacked: stats.resends.requested,
    resent: stats.resends.granted,
    keyframesWanted: stats.keyframesWanted,
  }
}

/**
 * Browsers without H.264 (Firefox without its plugin) get VP8, and so do the others where the stream is VP8 already. Players
 * that say nothing of packetization (GStreamer's `webrtcbin` from plain caps) know mode 0 only.
 */
function kindFor(offer: RemoteDescription, tracks: Tracks): PlayableKind {
  const codecs = offer.media.flatMap((media) => media.codecs)
  const hasH264 = codecs.some((codec) => codec.name === 'h264' && isFragmentable(codec))
  const hasVp8 = codecs.some(({ name }) => name === 'vp8')
  if (hasVp8) return tracks.video?.codec === 'vp8' || !hasH264 ? 'webrtc-vp8' : 'webrtc-h264'
  const hasSingle = codecs.some(({ name }) => name === 'h264')
  return hasSingle && !hasH264 ? 'webrtc-h264-slices' : 'webrtc-h264'
}

/**
 * The codecs are known before the first converted frame, so there is no wait. A missing track may still start: its
 * m-line is accepted.
 */
function preferencesFor({ video, audio }: Tracks, kind: PlayableKind): Preferences {
  const profile = video?.codec === 'h264' ? /^avc1\.([0-9a-f]{6})/i.exec(video.codecString)?.[1] : undefined
  return {
    audio: [{ codec: 'opus', isStereo: (audio?.channels ?? 1) > 1, useRed: true }],
    video: [videoPreference(kind, profile)],
  }
}

function videoPreference(kind: PlayableKind, profile: string | undefined): CodecPreference {
  if (kind === 'webrtc-vp8') return { codec: 'vp8' }
  if (kind === 'webrtc-h264-slices') return { codec: 'h264', isSingle: true }
  return { codec: 'h264', ...(profile && { profileLevelId: profile }) }
}
