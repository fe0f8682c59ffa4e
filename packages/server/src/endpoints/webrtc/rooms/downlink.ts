import type { Micros } from '@crossroom/media'
import {
  dtlsRoleFor,
  LayerAllocation,
  parseRemoteDescription,
  type IceCredentials,
  type NegotiatedMedia,
  type PlaySenderStats,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { Log, Metrics } from '../../../observe/index.js'
import type { RtcGateway, RtcPeer } from '../port/index.js'
import { RtcPlay } from '../send/index.js'
import { DownSession, MAX_LINES } from './down-session.js'
import { DownTrack, idOf, type DownTrackContext } from './down-track.js'
import type { DownOffer, SubscribedTrack } from '../../../rooms/index.js'
import { OfferSchedule } from './offer-schedule.js'

/** Interval of choosing layers … */
const CHOOSE_EVERY: Micros = 250_000
/** … and on a path that is overfull, where pictures stop when nothing is done. */
const CHOOSE_QUICKLY: Micros = 100_000
/** A connection that came to nothing is offered again after this, doubled each time … */
const FIRST_RETRY: Micros = 1_000_000
/** … up to this. */
const LONGEST_RETRY: Micros = 30_000_000

export interface DownLinkOptions extends Omit<DownTrackContext, 'decodes'> {
  readonly gateway: RtcGateway
  readonly log: Log
  readonly metrics: Metrics
  /** For the log only. */
  readonly roomId: string
  readonly userId: string
  /** Called from a timer. */
  onOffer(offer: DownOffer): void
}

interface Connection {
  readonly peer: RtcPeer
  readonly play: RtcPlay
  readonly fingerprint: string
  /** Ours that the browser knows. */
  ice: IceCredentials
  readonly askedAt: Micros
  isCounted: boolean
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
  /** In the order of the subscription. */
  #tracks = new Map<string, DownTrack>()
  #subscribed: readonly SubscribedTrack[] = []
  #session: DownSession
  #connection: Connection | undefined
  #retry: Micros = FIRST_RETRY
  #cancelChoosing: (() => void) | undefined
  #everConnected = false
  #closed = false

  constructor(options: DownLinkOptions) {
    const { hub, clock, sourceFor, fanouts, gateway } = options
    this.#options = options
    this.#context = { hub, clock, sourceFor, fanouts, decodes: () => this.#session.decodes }
    this.#schedule = new OfferSchedule(clock, (revision) => this.#offer(revision))
    this.#session = new DownSession(gateway)
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

  /** Replaces the whole list of sent streams, the most important first. */
  subscribe(tracks: readonly SubscribedTrack[]): void {
    if (this.#closed) return
    this.#subscribed = tracks
    const before = this.#tracks
    this.#tracks = new Map()
    for (const track of tracks) this.#take(track, before)
    for (const [id, track] of before) if (!this.#tracks.has(id)) this.#drop(track)
    this.#startFitting()
    this.#rank()
    if (!this.#session.isCurrent(tracks)) this.#schedule.changed()
    this.#keepChoosing()
  }

  /** The answer to the offer of that revision; to another one it is passed over. Throws SdpError, and waits on. */
  answer(sdp: string, revision: number): void {
    if (!this.#schedule.awaits(revision)) return
    const answer = parseRemoteDescription(sdp)
    const media = this.#session.accept(answer)
    this.#schedule.answered()
    const connection = this.#connect(answer)
    this.#play(connection, media)
    if (!this.#session.isCurrent(this.#subscribed)) this.#schedule.changed()
  }

  /** Offers with new ICE credentials: the browser's network is another one. Nothing while there is nothing to offer. */
  restart(): void {
    if (this.#closed || (this.#session.isEmpty && this.#subscribed.length === 0)) return
    this.#session.restart()
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

  #take(track: SubscribedTrack, before: ReadonlyMap<string, DownTrack>): void {
    const id = idOf(track)
    if (this.#tracks.has(id)) return
    const present = before.get(id)
    present?.update(track)
    this.#tracks.set(id, present ?? new DownTrack(track, this.#context))
  }

  #drop(track: DownTrack): void {
    this.#session.release(track.id)
    this.#connection?.play.remove(track.played)
    track.stop()
  }

  /** Tracks that will get an m-line are prepared immediately; the others cost nothing. */
  #startFitting(): void {
    const count = { audio: 0, video: 0 }
    for (const track of this.#tracks.values()) {
      if (count[track.kind]++ < MAX_LINES[track.kind]) track.start()
      else this.#drop(track)
    }
  }

  #offer(revision: number): void {
    this.#options.onOffer(this.#session.offer(this.#subscribed, revision))
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
          play.handleConnected(keys, profile, address)
          this.#handleConnected(connection)
        },
        moved: (address) => play.handleMoved(address),
        closed: (reason) => this.#handleClosed(peer, reason),
      },
    })
    const askedAt = this.#options.clock.now()
    const connection: Connection = { peer, play, fingerprint: answer.fingerprint.value, ice, askedAt, isCounted: false }
    this.#connection = connection
    return connection
  }

  #handleConnected(connection: Connection): void {
    const { metrics, clock } = this.#options
    this.#everConnected = true
    this.#retry = FIRST_RETRY
    connection.isCounted = true
    metrics.viewerStarted('webrtc')
    metrics.viewerJoined('webrtc', clock.now() - connection.askedAt)
    this.#rank()
  }

  /** Sends the tracks whose m-line the browser accepts. */
  #play({ play }: Connection, media: readonly NegotiatedMedia[]): void {
    for (const track of this.#tracks.values()) {
      // The answer may have told what the browser decodes.
      track.choose()
      const line = this.#session.lineOf(track.id, media)
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
    this.#session = new DownSession(this.#options.gateway)
    this.#schedule.reset()
    if (this.#subscribed.length > 0) this.#schedule.changed(this.#retry)
    this.#retry = Math.min(LONGEST_RETRY, 2 * this.#retry)
  }

  #disconnect(): void {
    const connection = this.#connection
    this.#connection = undefined
    if (connection === undefined) return
    const { play, peer, isCounted } = connection
    play.close()
    peer.close()
    if (!isCounted) return
    const { metrics } = this.#options
    metrics.viewerEnded('webrtc')
    const traffic = metrics.traffic('webrtc')
    traffic.bytesOut += play.bytesSent
    traffic.framesDropped += play.droppedFrames
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
