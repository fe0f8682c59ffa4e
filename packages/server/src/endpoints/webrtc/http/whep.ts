import { randomBytes } from 'node:crypto'
import type { Micros } from '@crossroom/media'
import {
  chooseCodec,
  isFragmentable,
  negotiate,
  planPlay,
  type CodecPreference,
  type PeerAddress,
  type RemoteDescription,
  type SrtpKeys,
  type SrtpProfile,
} from '@crossroom/webrtc'
import type { StreamEndReason } from '../../../auth/index.js'
import type { EndReason, Stream, Tracks } from '../../../hub/index.js'
import { PlayAttempt } from '../../play-attempt.js'
import {
  AudioPlay,
  type PlayableKind,
  RtcPlay,
  type RtpFanouts,
  VideoPlay,
  unchangedKind,
  WEBRTC_NEEDS,
} from '../send/index.js'
import { RtcSession, type SessionContext, type SessionPost } from './session.js'
import { HttpRefusal, refusalOf } from './session-requests.js'

export interface WhepContext extends SessionContext {
  readonly fanouts: RtpFanouts
}

/** What is played, from the answer on. */
interface Playing {
  readonly stream: Stream
  readonly kind: PlayableKind
  readonly tracks: readonly (VideoPlay | AudioPlay)[]
  readonly since: Micros
}

/** `POST /whep/APP/STREAM` (draft-ietf-wish-whep): the client offers, the server answers and sends. */
export class WhepSession extends RtcSession {
  readonly #fanouts: RtpFanouts
  readonly #play: RtcPlay
  #attempt: PlayAttempt | undefined
  #playing: Playing | undefined
  #connectedAt: Micros | undefined
  #unwatch = (): void => undefined

  constructor(context: WhepContext, post: SessionPost) {
    super(context, post)
    const { gateway, environment } = context
    this.#fanouts = context.fanouts
    this.#play = new RtcPlay({ gateway, clock: environment.clock, onStarted: () => this.#attempt?.joined() })
  }

  get isKnown(): boolean {
    return this.#attempt?.isKnown === true
  }

  protected async admit(offer: RemoteDescription): Promise<string> {
    const { attempt, stream } = await this.#ask()
    const kind = kindFor(offer, stream.tracks)
    const preferences = allowed(preferencesFor(stream.tracks, kind), attempt.filters.without)
    const media = negotiate(offer, planPlay(preferences), (length) => randomBytes(length))
    const handleEnd = (reason: EndReason): void => this.end(reason === 'ended' ? 'stream-ended' : reason)
    const tracks = media.map((line) => {
      const track = line.kind === 'video' ? new VideoPlay(handleEnd) : new AudioPlay(handleEnd)
      this.#play.add(track, line)
      return track
    })
    this.#playing = { stream, kind, tracks, since: this.context.environment.clock.now() }
    // A client that offers but never connects causes no conversion: until the connection, the stream is only watched for
    // its end.
    this.#unwatch = stream.subscribe({ kind, handleFrame: () => undefined, handleEnd }, 'live')
    const answer = this.connect(offer, media, this.#play)
    attempt.enter({
      bytes: () => this.#play.bytesSent,
      droppedFrames: () => this.#play.droppedFrames,
      kick: () => this.end('kicked'),
      leave: () => this.#play.close(),
    })
    return answer
  }

  protected handleConnected(keys: SrtpKeys, profile: SrtpProfile, address: PeerAddress | undefined): void {
    if (this.#playing === undefined) return
    const { stream, kind, tracks } = this.#playing
    const { environment } = this.context
    const needs = WEBRTC_NEEDS[kind]
    this.#connectedAt = environment.clock.now()
    const fanout = this.#fanouts.of(environment.sourceFor(stream, needs), needs.isInSlices)
    for (const track of tracks) track.attach(fanout)
    this.#unwatch()
    this.#play.handleConnected(keys, profile, address)
  }

  protected release(reason: StreamEndReason): void {
    if (this.#playing !== undefined) this.#logEnd(this.#playing, reason)
    this.#unwatch()
    this.#play.close()
    for (const track of this.#playing?.tracks ?? []) track.detach()
    this.#attempt?.close(reason)
  }

  /** Resolves when the stream is there; rejects with the refusal. */
  #ask(): Promise<{ attempt: PlayAttempt; stream: Stream }> {
    const { asked } = this.post
    return new Promise((resolve, reject) => {
      const found = (stream: Stream): void => resolve({ attempt, stream })
      const attempt = new PlayAttempt(
        this.context.environment,
        asked,
        {
          refused: ({ httpStatus, sentence }) => reject(refusalOf(httpStatus, sentence)),
          notFound: () => reject(new HttpRefusal(404, `${asked.app}/${asked.stream} has no publisher.`)),
          waiting: found,
          ready: found,
        },
        // The offer decides which media is sent.
        undefined,
      )
      this.#attempt = attempt
    })
  }

  #logEnd({ since }: Playing, reason: StreamEndReason): void {
    const connectMs = this.#connectedAt === undefined ? undefined : (this.#connectedAt - since) / 1000
    const figures = { session: this.id.slice(0, 8), reason, connectMs, ...figuresOf(this.#play) }
    this.context.environment.log.info(figures, 'WHEP session ended')
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
 * Browsers without H.264 (Firefox without its plugin) get VP8, and so do the others where the stream is VP8 already. H.265 and AV1 go unchanged
 * to those that offer them beside H.264, in which a conversion would be: of B-frames, or another codec later on. Players that say nothing of packetization (GStreamer's `webrtcbin` from plain caps) know mode 0 only.
 */
function kindFor(offer: RemoteDescription, tracks: Tracks): PlayableKind {
  const codecs = offer.media.flatMap((media) => media.codecs)
  const hasH264 = codecs.some((codec) => codec.name === 'h264' && isFragmentable(codec))
  const unchanged = unchangedKind(tracks.video)
  if (unchanged !== undefined && hasH264) {
    const [{ codec }] = unchangedPreferences(unchanged)
    const isTaken = offer.media.some((media) => chooseCodec(media, { codec }, 'send') !== undefined)
    if (isTaken) return unchanged
  }
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
    video:
      kind === 'webrtc-h265' || kind === 'webrtc-av1' ? unchangedPreferences(kind) : [videoPreference(kind, profile)],
  }
}

function unchangedPreferences(kind: 'webrtc-h265' | 'webrtc-av1'): readonly [CodecPreference, CodecPreference] {
  return [{ codec: kind === 'webrtc-h265' ? 'h265' : 'av1' }, { codec: 'h264', isFallback: true }]
}

function videoPreference(kind: PlayableKind, profile: string | undefined): CodecPreference {
  if (kind === 'webrtc-vp8') return { codec: 'vp8' }
  if (kind === 'webrtc-h264-slices') return { codec: 'h264', isSingle: true }
  return { codec: 'h264', ...(profile && { profileLevelId: profile }) }
}
