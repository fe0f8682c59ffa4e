import { Driver, type Micros } from '@crossroom/media'
import {
  PlaySender,
  trackOptionsOf,
  type EgressEvent,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type PlaySenderEvent,
  type PlaySenderOutput,
  type PlaySenderStats,
  type SrtpKeys,
  type SrtpProfile,
  type TrackId,
  type DestinationCounters,
  type DestinationId,
} from '@crossroom/webrtc'
import type { Clock } from '../../../hub/index.js'
import type { RtcGateway } from '../port/index.js'
import type { PlayedTrack } from './played-track.js'
import { NO_DELAY } from './video-play.js'

/** Players report many times a second: a way that carries nothing for so long was gone. */
const OUTAGE: Micros = 300_000

export interface RtcPlayOptions {
  readonly gateway: RtcGateway
  readonly clock: Clock
  /** The session is connected and its first tracks begin. */
  readonly onStarted?: () => void
}

interface Destination {
  readonly id: DestinationId
  readonly profile: SrtpProfile
  readonly sender: PlaySender
  readonly driver: Driver<Uint8Array, PlaySenderOutput, PlaySenderEvent>
}

interface SentTrack {
  readonly played: PlayedTrack
  readonly id: TrackId
}

/**
 * What one PeerConnection is sent: one destination of the egress with any number of tracks, which come and go. The path is
 * measured once for all of them, and they share its pace, repairs and reports.
 */
export class RtcPlay implements MediaReceiver {
  readonly #options: RtcPlayOptions
  readonly #media = new Map<PlayedTrack, NegotiatedMedia>()
  readonly #sent = new Map<number, SentTrack>()
  #destination: Destination | undefined
  #isRedundant = false
  /** When the player's last report came. */
  #heardAt: Micros = 0
  /** The egress's counters as they were at the end. */
  #last: DestinationCounters | undefined
  #closed = false

  constructor(options: RtcPlayOptions) {
    this.#options = options
  }

  get bytesSent(): number {
    return this.#counters?.octets ?? 0
  }

  get droppedFrames(): number {
    return (this.stats?.framesDropped ?? 0) + (this.#counters?.framesDropped ?? 0)
  }

  /** Undefined before the session connected. */
  get stats(): PlaySenderStats | undefined {
    return this.#destination?.sender.stats()
  }

  /** Bits per second that the path has for pictures; Infinity while it is not known to be overfull. */
  get videoBudget(): number {
    return this.#destination?.sender.videoBudget(this.#options.clock.now()) ?? Infinity
  }

  /** Sends a track on an m-line, at once or when the session connects. */
  add(played: PlayedTrack, media: NegotiatedMedia): void {
    this.#media.set(played, media)
    if (this.#destination !== undefined) this.#bind(this.#destination, played, media)
  }

  has(played: PlayedTrack): boolean {
    return this.#media.has(played)
  }

  /** Stops the track, including queued frames. */
  remove(played: PlayedTrack): void {
    const ssrc = this.#media.get(played)?.local?.ssrc
    this.#media.delete(played)
    if (ssrc !== undefined) this.#unbind(ssrc)
  }

  /** Which video stops first when the path carries too little: 0 is the last to stop. */
  setRank(played: PlayedTrack, rank: number): void {
    const ssrc = this.#media.get(played)?.local?.ssrc
    if (ssrc !== undefined) this.#destination?.sender.setRank(ssrc, rank)
  }

  /** Keys are there: media flows from now on. */
  handleConnected(keys: SrtpKeys, profile: SrtpProfile, address: PeerAddress | undefined): void {
    if (this.#closed) return
    const { gateway, clock } = this.#options
    this.#heardAt = clock.now()
    const id = this.#egress.addDestination({ keys, route: { kind: 'none' } })
    this.#egress.updateDestination(id, { route: gateway.routeOf(id, address) })
    const sender = new PlaySender({ wallClockOffset: Date.now() * 1000 - clock.now() })
    const driver = new Driver(sender, clock, {
      output: (output) => this.#execute(output),
      event: (event) => this.#handleSenderEvent(event),
    })
    this.#destination = { id, profile, sender, driver }
    gateway.watch(id, {
      event: (event) => this.#handleEgressEvent(event),
      sent: (firstSequence, count, bytes, sentAt) => sender.recordSent(firstSequence, count, bytes, sentAt),
    })
    for (const [played, media] of this.#media) this.#bind(this.#destination, played, media)
    this.#options.onStarted?.()
  }

  handleMoved(address: PeerAddress | undefined): void {
    if (this.#destination === undefined) return
    const { id, sender, driver } = this.#destination
    this.#egress.updateDestination(id, { route: this.#options.gateway.routeOf(id, address) })
    sender.pathChanged()
    driver.drain()
    if (this.#options.clock.now() - this.#heardAt < OUTAGE) return
    // What left while the way was gone is lost, and a browser would wait for it for seconds before it asks.
    for (const { played } of this.#sent.values()) played.handleKeyframeWanted()
  }

  handleRtp(): void {
    // A player sends no media; its transport has counted it.
  }

  handleRtcp(arrivedAt: Micros, compound: Uint8Array): void {
    this.#heardAt = arrivedAt
    this.#destination?.driver.handleInput(compound, arrivedAt)
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const destination = this.#destination
    this.#last = this.#counters
    destination?.driver.close()
    for (const played of [...this.#media.keys()]) this.remove(played)
    if (destination === undefined) return
    this.#options.gateway.forget(destination.id)
    this.#egress.removeDestination(destination.id)
  }

  get #counters(): DestinationCounters | undefined {
    return (
      this.#last ??
      (this.#destination === undefined ? undefined : this.#egress.destinationCounters(this.#destination.id))
    )
  }

  get #egress() {
    return this.#options.gateway.egress
  }

  #bind({ id, profile, sender, driver }: Destination, played: PlayedTrack, media: NegotiatedMedia): void {
    const { clock } = this.#options
    // Sound begins plain; redundancy comes when the viewer loses packets.
    const options = { ...trackOptionsOf(media), payloadType: media.codecs[0]!.payloadType }
    const isVideo = media.kind === 'video'
    const track = this.#egress.addTrack(id, isVideo ? { ...options, playoutDelay: NO_DELAY } : options)
    const { ssrc } = options
    this.#sent.set(ssrc, { played, id: track })
    sender.addTrack(clock.now(), {
      kind: media.kind,
      ssrc,
      canResend: options.rtx !== undefined || profile === 'SRTP_AES128_CM_SHA1_80',
      packetsPerSecond: () => played.rate?.packetsPerSecond ?? 0,
      bitsPerSecond: () => played.rate?.bitsPerSecond ?? 0,
      rtpTimestampAt: (now) => played.rtpTimestampAt(now),
    })
    played.bind({ egress: this.#egress, clock, sender, media, track, ssrc })
    if (this.#isRedundant) played.setRedundancy(true)
    driver.drain()
  }

  #unbind(ssrc: number): void {
    const sent = this.#sent.get(ssrc)
    if (sent === undefined) return
    this.#sent.delete(ssrc)
    sent.played.unbind()
    this.#destination?.sender.removeTrack(ssrc)
    this.#egress.removeTrack(sent.id)
  }

  #execute(output: PlaySenderOutput): void {
    if (output.kind === 'pacing') {
      this.#egress.updateDestination(this.#destination!.id, { pacingRate: output.bitrate })
      return
    }
    const sent = this.#sent.get(output.ssrc)
    if (sent === undefined) return
    if (output.kind === 'resend') this.#egress.resend(sent.id, output.sequences)
    else this.#egress.senderReport(sent.id, output.wallClock, output.rtpTimestamp)
  }

  #handleSenderEvent(event: PlaySenderEvent): void {
    // A player's BYE is followed by its DTLS goodbye or by silence; either ends the session.
    if (event.kind === 'keyframe-wanted') this.#sent.get(event.ssrc)?.played.handleKeyframeWanted()
    if (event.kind !== 'redundancy') return
    this.#isRedundant = event.isWanted
    for (const { played } of this.#sent.values()) played.setRedundancy(event.isWanted)
  }

  #handleEgressEvent(event: EgressEvent): void {
    if (event.kind !== 'starved' && event.kind !== 'replayed') return
    for (const [ssrc, { played, id }] of this.#sent) {
      if (id !== event.track) continue
      if (event.kind === 'starved') this.#destination?.sender.starved(ssrc)
      else played.handleReplayed()
    }
  }
}
