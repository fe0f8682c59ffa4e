import { randomBytes } from 'node:crypto'
import type { Micros } from '@crossroom/media'
import {
  dtlsRoleFor,
  LayerAllocation,
  makeIceCredentials,
  negotiateAnswer,
  OFFERED_CODECS,
  OfferLines,
  parseRemoteDescription,
  writeOffer,
  type IceCredentials,
  type NegotiatedMedia,
  type OfferTrack,
  type PlaySenderStats,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { Log } from '../../../observe/index.js'
import type { RtcGateway } from '../gateway.js'
import type { RtcPeer } from '../peer.js'
import { RtcPlay } from '../play.js'
import { DownTrack, idOf, type DownTrackContext } from './down-track.js'
import type { DownOffer, NamedTrack, WishedTrack } from './member-media.js'
import { OfferSchedule } from './offer-schedule.js'

/** As many as a browser shows and plays (docs of the signaling name them). */
const MAX_LINES = { audio: 16, video: 24 } as const
/** How often layers are chosen anew … */
const CHOOSE_EVERY: Micros = 250_000
/** … and on a path that is overfull, where pictures stop when nothing is done. */
const CHOOSE_QUICKLY: Micros = 100_000
/** A connection that came to nothing is offered again after this, doubled each time … */
const FIRST_RETRY: Micros = 1_000_000
/** … up to this. */
const LONGEST_RETRY: Micros = 30_000_000

export interface DownLinkOptions extends Omit<DownTrackContext, 'decodes' | 'fanouts'> {
  readonly gateway: RtcGateway
  readonly log: Log
  /** For the log only. */
  readonly roomId: string
  readonly userId: string
  /** Called from a timer. */
  onOffer(offer: DownOffer): void
}

/** What is the same in all offers that one PeerConnection of the browser can take. */
interface Session {
  readonly id: string
  readonly lines: OfferLines
  version: number
  ice: IceCredentials
  /** Narrower than what is offered first once the browser has told what it takes. */
  codecs: typeof OFFERED_CODECS
}

interface Connection {
  readonly peer: RtcPeer
  readonly play: RtcPlay
  readonly fingerprint: string
  /** Ours that the browser knows. */
  ice: IceCredentials
}

/**
 * What one browser receives of its room, over one PeerConnection that the server offers. Members come and go, and each
 * change is an offer; what leaves stops at once, whatever the browser answers.
 *
 * The session id of the offers ("o=") stays the same as long as they are for the same PeerConnection. Another id says that
 * the server lost its side: the browser makes a new PeerConnection for it. The browser may do that by itself as well and
 * answer any offer from a new one, which shows in its certificate.
 */
export class DownLink {
  readonly #options: DownLinkOptions
  readonly #context: DownTrackContext
  readonly #schedule: OfferSchedule
  readonly #allocation = new LayerAllocation()
  readonly #decodes = { h264: true, vp8: true }
  /** In the order of the wish. */
  #tracks = new Map<string, DownTrack>()
  #wish: readonly WishedTrack[] = []
  #session: Session
  #connection: Connection | undefined
  #retry: Micros = FIRST_RETRY
  #cancelChoosing: (() => void) | undefined
  #everConnected = false
  #closed = false

  constructor(options: DownLinkOptions) {
    const { hub, clock, makePlayable, gateway } = options
    this.#options = options
    this.#context = { hub, clock, makePlayable, fanouts: gateway.fanouts, decodes: this.#decodes }
    this.#schedule = new OfferSchedule(clock, (revision) => this.#offer(revision))
    this.#session = newSession()
  }

  /** Media can flow. */
  get isConnected(): boolean {
    return this.#connection?.peer.isConnected === true
  }

  /** Whether there was a connection once. */
  get everConnected(): boolean {
    return this.#everConnected
  }

  /** Undefined while nothing is connected. */
  get stats(): PlaySenderStats | undefined {
    return this.#connection?.play.stats
  }

  /** Share of the pictures' bits that the path has room for, at most 1. */
  get room(): number {
    const budget = this.#videoBudget
    const wanted = this.#videos().reduce((sum, { bitrate }) => sum + bitrate, 0)
    return wanted === 0 ? 1 : Math.min(1, budget / wanted)
  }

  /** Replaces the whole list of what goes down, the most important first. */
  wish(wish: readonly WishedTrack[]): void {
    if (this.#closed) return
    this.#wish = wish
    const before = this.#tracks
    this.#tracks = new Map()
    for (const wished of wish) this.#takeWish(wished, before)
    for (const [id, track] of before) if (!this.#tracks.has(id)) this.#drop(track)
    this.#startFitting()
    this.#rank()
    if (!this.#session.lines.isCurrent(this.#offerTracks())) this.#schedule.changed()
    this.#keepChoosing()
  }

  /** The answer to the offer of that revision; to another one it is passed over. Throws SdpError, and waits on. */
  answer(sdp: string, revision: number): void {
    if (!this.#schedule.awaits(revision)) return
    const answer = parseRemoteDescription(sdp)
    const media = negotiateAnswer(this.#session.lines.offered, answer)
    this.#session.lines.answered()
    this.#schedule.answered()
    this.#learn(media)
    const connection = this.#connect(answer)
    this.#play(connection, media)
    if (!this.#session.lines.isCurrent(this.#offerTracks())) this.#schedule.changed()
  }

  /** Offers with new ICE credentials: the browser's network is another one. Nothing while there is nothing to offer. */
  restart(): void {
    if (this.#closed || (this.#session.lines.isEmpty && this.#wish.length === 0)) return
    this.#session.ice = makeIceCredentials((length) => randomBytes(length))
    this.#retry = FIRST_RETRY
    this.#schedule.now()
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#schedule.reset()
    this.#cancelChoosing?.()
    this.#disconnect()
    for (const track of this.#tracks.values()) track.stop()
    this.#tracks.clear()
  }

  get #videoBudget(): number {
    return this.#connection?.play.videoBudget ?? Infinity
  }

  #takeWish(wished: WishedTrack, before: ReadonlyMap<string, DownTrack>): void {
    const id = idOf(wished)
    if (this.#tracks.has(id)) return
    const present = before.get(id)
    present?.update(wished)
    this.#tracks.set(id, present ?? new DownTrack(wished, this.#context))
  }

  #drop(track: DownTrack): void {
    this.#session.lines.release(track.id)
    this.#connection?.play.remove(track.played)
    track.stop()
  }

  /** What is to have an m-line is made ready at once; what does not fit costs nothing. */
  #startFitting(): void {
    const count = { audio: 0, video: 0 }
    for (const track of this.#tracks.values()) {
      if (count[track.kind]++ < MAX_LINES[track.kind]) track.start()
      else this.#drop(track)
    }
  }

  #offerTracks(): OfferTrack[] {
    return this.#wish.map((wished) => ({
      id: idOf(wished),
      kind: wished.kind,
      streamId: `${wished.userId}-${wished.streamType}`,
    }))
  }

  #offer(revision: number): void {
    const { gateway } = this.#options
    const session = this.#session
    const { media, skipped } = session.lines.offer(this.#offerTracks())
    session.version++
    const sdp = writeOffer(media, session.codecs, {
      sessionId: session.id,
      version: session.version,
      ice: session.ice,
      candidates: gateway.candidates,
      fingerprint: gateway.fingerprint,
      cname: gateway.cname,
    })
    const names = new Map(this.#wish.map((wished) => [idOf(wished), nameOf(wished)]))
    this.#options.onOffer({
      sdp,
      revision,
      tracks: [...names].flatMap(([id, name]) => {
        const mid = session.lines.mediaOf(id)?.mid
        return mid === undefined ? [] : [{ mid, ...name }]
      }),
      skipped: skipped.flatMap(({ id }) => names.get(id) ?? []),
    })
  }

  /** The first answer with pictures tells what the browser decodes; later offers are as short as that allows. */
  #learn(media: readonly NegotiatedMedia[]): void {
    const video = media.find(({ kind }) => kind === 'video')
    if (video === undefined || this.#session.codecs !== OFFERED_CODECS) return
    const taken = new Set(video.codecs.map(({ payloadType }) => payloadType))
    const codecs = OFFERED_CODECS.video.filter(({ payloadType }) => taken.has(payloadType))
    this.#session.codecs = { audio: OFFERED_CODECS.audio, video: codecs }
    this.#decodes.h264 = codecs.some(({ codec }) => codec === 'h264')
    this.#decodes.vp8 = codecs.some(({ codec }) => codec === 'vp8')
    for (const track of this.#tracks.values()) track.choose()
  }

  #connect(answer: RemoteDescription): Connection {
    const { gateway } = this.#options
    const { ice } = this.#session
    const present = this.#connection
    if (present?.fingerprint === answer.fingerprint.value) {
      if (present.ice !== ice) gateway.restartIce(present.peer, answer.ice, ice)
      present.ice = ice
      return present
    }
    this.#disconnect()
    const play = new RtcPlay({ gateway, clock: this.#options.clock })
    const peer: RtcPeer = gateway.createPeer({
      remote: answer.ice,
      local: ice,
      remoteFingerprint: answer.fingerprint,
      dtlsRole: dtlsRoleFor(answer),
      media: play,
      handlers: {
        connected: (keys, profile, address) => {
          this.#everConnected = true
          this.#retry = FIRST_RETRY
          play.handleConnected(keys, profile, address)
          this.#rank()
        },
        moved: (address) => play.handleMoved(address),
        closed: (reason) => this.#handleClosed(peer, reason),
      },
    })
    this.#connection = { peer, play, fingerprint: answer.fingerprint.value, ice }
    return this.#connection
  }

  /** Sends what has an m-line that the browser takes. */
  #play({ play }: Connection, media: readonly NegotiatedMedia[]): void {
    const { lines } = this.#session
    for (const track of this.#tracks.values()) {
      const own = lines.mediaOf(track.id)
      const line = own && media.find(({ local }) => local === own.stream)
      if (line === undefined) play.remove(track.played)
      else if (!play.has(track.played)) play.add(track.played, line)
    }
    this.#rank()
  }

  #rank(): void {
    for (const [rank, track] of this.#videos().entries()) this.#connection?.play.setRank(track.played, rank)
  }

  #videos(): DownTrack[] {
    return [...this.#tracks.values()].filter(({ kind }) => kind === 'video')
  }

  #keepChoosing(): void {
    const wait = this.#videoBudget === Infinity ? CHOOSE_EVERY : CHOOSE_QUICKLY
    this.#cancelChoosing ??= this.#options.clock.after(wait, () => {
      this.#cancelChoosing = undefined
      this.#choose()
      if (this.#tracks.size > 0) this.#keepChoosing()
    })
  }

  #choose(): void {
    const videos = this.#videos()
    const budget = this.#videoBudget
    const layered = videos.map(({ bitrate, isHeldLow, canBeLow }) => ({ bitrate, isLow: isHeldLow, canBeLow }))
    for (const { index, toLow } of this.#allocation.decide(this.#options.clock.now(), budget, layered))
      videos[index]!.holdLow(toLow)
    for (const track of this.#tracks.values()) track.choose()
  }

  /** The transport is lost: the browser is offered another one. */
  #handleClosed(peer: RtcPeer, reason: string): void {
    if (this.#closed || this.#connection?.peer !== peer) return
    const { log, roomId, userId } = this.#options
    log.info({ room: roomId, userId, reason, ...figuresOf(this.#connection.play) }, 'Downlink ended')
    this.#disconnect()
    this.#session = newSession()
    this.#schedule.reset()
    if (this.#wish.length > 0) this.#schedule.changed(this.#retry)
    this.#retry = Math.min(LONGEST_RETRY, 2 * this.#retry)
  }

  #disconnect(): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.play.close()
    connection?.peer.close()
  }
}

function nameOf({ userId, streamType, kind }: WishedTrack): NamedTrack {
  return { userId, streamType, kind }
}

function newSession(): Session {
  return {
    id: String(randomBytes(6).readUIntBE(0, 6)),
    lines: new OfferLines(MAX_LINES, (length) => randomBytes(length)),
    version: 0,
    ice: makeIceCredentials((length) => randomBytes(length)),
    codecs: OFFERED_CODECS,
  }
}

function figuresOf(play: RtcPlay): Record<string, number | undefined> {
  const { stats } = play
  return {
    bytes: play.bytesSent,
    droppedFrames: play.droppedFrames,
    roundTripMs: stats?.roundTrip === undefined ? undefined : stats.roundTrip / 1000,
    lossFraction: stats?.lossFraction,
    estimate: stats?.estimate,
  }
}
