import type { Micros, VideoFrame } from '@crossroom/media'
import {
  OPUS_CLOCK_RATE,
  planBurst,
  PlaySender,
  rtpTimestampFromMicros,
  START_BITRATE,
  trackOptionsOf,
  VIDEO_CLOCK_RATE,
  type EgressEvent,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type PlaySenderEvent,
  type PlaySenderOutput,
  type PlaySenderStats,
  type PlayTrack,
  type SrtpKeys,
  type SrtpProfile,
  type TrackId,
  type ViewerCounters,
  type ViewerId,
} from '@crossroom/webrtc'
import type { Clock, EndReason } from '../../hub/index.js'
import { Driver } from '../../net/index.js'
import type { RtcGateway } from './gateway.js'
import type { RtpFanout, RtpViewer } from './rtp-fanout.js'

/** Frames of a burst are shown as they come … */
const NO_DELAY = { min: 0, max: 0 } as const
/** … and afterwards the browser decides again (0 to 10 s, in units of 10 ms). It keeps what it was told last. */
const ANY_DELAY = { min: 0, max: 1000 } as const
const TELL_ANY_DELAY: Micros = 2_000_000
/** A repeated burst lies between two frames of the live picture: 30 ms of the clock at most. */
const REPEAT_TICKS = (VIDEO_CLOCK_RATE * 30) / 1000

export interface RtcPlayOptions {
  readonly gateway: RtcGateway
  readonly fanout: RtpFanout
  readonly media: readonly NegotiatedMedia[]
  readonly clock: Clock
  /** The first media was handed to the egress. */
  onStarted(): void
  onEnd(reason: EndReason): void
}

/** One browser that plays one stream: its tracks in the egress, its start from a keyframe, its reports and repairs. */
export class RtcPlay implements RtpViewer, MediaReceiver {
  videoTrack: TrackId = 0
  audioTrack: TrackId = 0
  redundancy = 0
  readonly #options: RtcPlayOptions
  readonly #trackIds: TrackId[] = []
  #viewer: ViewerId | undefined
  #sender: PlaySender | undefined
  #driver: Driver<Uint8Array, PlaySenderOutput, PlaySenderEvent> | undefined
  #cancelDelay: (() => void) | undefined
  /** The egress's counters as they were at the end. */
  #last: ViewerCounters | undefined
  #closed = false

  constructor(options: RtcPlayOptions) {
    this.#options = options
    // From now on the stream is kept ready; frames come once there are tracks.
    options.fanout.add(this)
  }

  get bytesSent(): number {
    return this.#counters?.octets ?? 0
  }

  get droppedFrames(): number {
    const left = this.#sender?.stats().framesDropped ?? 0
    return left + (this.#counters?.framesDropped ?? 0)
  }

  /** Undefined before the session connected. */
  get stats(): PlaySenderStats | undefined {
    return this.#sender?.stats()
  }

  /** Keys are there: media flows from now on. */
  handleConnected(keys: SrtpKeys, profile: SrtpProfile, address: PeerAddress | undefined): void {
    if (this.#closed) return
    const { gateway, fanout, clock } = this.#options
    const viewer = this.#egress.addViewer({ keys, route: { kind: 'none' } })
    this.#viewer = viewer
    this.#egress.updateViewer(viewer, { route: gateway.routeOf(viewer, address) })
    const tracks = this.#options.media.map((media) => this.#addTrack(viewer, media, profile))
    const now = clock.now()
    const sender = new PlaySender({
      now,
      wallClockOffset: Date.now() * 1000 - now,
      tracks,
      streamBitrate: () => fanout.videoRate.bitsPerSecond + fanout.audioRate.bitsPerSecond,
    })
    this.#sender = sender
    this.#driver = new Driver(sender, clock, {
      output: (output) => this.#execute(output),
      event: (event) => this.#handleSenderEvent(event),
    })
    gateway.watchViewer(viewer, {
      event: (event) => this.#handleEgressEvent(event),
      sent: (firstSequence, count, bytes, sentAt) => sender.recordSent(firstSequence, count, bytes, sentAt),
    })
    this.#driver.drain()
    if (this.videoTrack !== 0) this.#startVideo()
    this.#options.onStarted()
  }

  handleMoved(address: PeerAddress | undefined): void {
    if (this.#viewer === undefined) return
    this.#egress.updateViewer(this.#viewer, { route: this.#options.gateway.routeOf(this.#viewer, address) })
    this.#sender?.pathChanged()
    this.#driver?.drain()
  }

  admitsVideo(frame: VideoFrame, bytes: number): boolean {
    return this.#sender!.admitFrame(this.#options.clock.now(), frame, bytes)
  }

  handleEnd(reason: EndReason): void {
    this.#options.onEnd(reason)
  }

  handleRtp(): void {
    // A player has nothing to send; what comes all the same was counted by its transport.
  }

  handleRtcp(_arrivedAt: Micros, compound: Uint8Array): void {
    this.#driver?.handleInput(compound)
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelDelay?.()
    this.#driver?.close()
    this.#options.fanout.remove(this)
    if (this.#viewer === undefined) return
    this.#last = this.#counters
    this.#options.gateway.forgetViewer(this.#viewer)
    this.#egress.removeViewer(this.#viewer)
  }

  get #counters(): ViewerCounters | undefined {
    return this.#last ?? (this.#viewer === undefined ? undefined : this.#egress.viewerCounters(this.#viewer))
  }

  get #egress() {
    return this.#options.gateway.egress
  }

  #addTrack(viewer: ViewerId, media: NegotiatedMedia, profile: SrtpProfile): PlayTrack {
    const { fanout } = this.#options
    // Sound begins plain; redundancy comes when the viewer loses packets.
    const options = { ...trackOptionsOf(media), payloadType: media.codecs[0]!.payloadType }
    const isVideo = media.kind === 'video'
    const track = this.#egress.addTrack(viewer, isVideo ? { ...options, playoutDelay: NO_DELAY } : options)
    this.#trackIds.push(track)
    if (isVideo) this.videoTrack = track
    else this.audioTrack = track
    const rate = isVideo ? fanout.videoRate : fanout.audioRate
    const clockRate = isVideo ? VIDEO_CLOCK_RATE : OPUS_CLOCK_RATE
    return {
      kind: media.kind,
      ssrc: options.ssrc,
      canResend: options.rtx !== undefined || profile === 'SRTP_AES128_CM_SHA1_80',
      packetsPerSecond: () => rate.packetsPerSecond,
      rtpTimestampAt: (now) => {
        const live = fanout.clock.liveAt(now)
        return live === undefined ? undefined : rtpTimestampFromMicros(live, clockRate)
      },
    }
  }

  /** From the cached keyframe to live, in the time that it takes to send. */
  #startVideo(): void {
    const { fanout } = this.#options
    const frames = fanout.gop
    if (frames.length === 0) {
      this.#sender?.starved()
      fanout.requestKeyframe()
      this.#tellAnyDelay()
      return
    }
    const { untilKeyframe } = fanout
    const bitrate = Math.max(START_BITRATE, 3 * fanout.videoRate.bitsPerSecond)
    const plan = planBurst({
      ...{ frames, clockRate: VIDEO_CLOCK_RATE, bitrate },
      ...(untilKeyframe !== undefined && { untilKeyframe }),
    })
    if (plan.waitsForKeyframe) this.#sender?.starved()
    this.#egress.replay(this.videoTrack, fanout.videoSource, frames[0]!.number, plan.rtpTimestamps)
  }

  /** The same GOP once more, for a viewer that lost its picture and a publisher that cannot be asked. */
  #repeatVideo(): void {
    const { fanout } = this.#options
    const frames = fanout.gop
    const newest = frames.at(-1)
    if (newest === undefined) return
    const step = Math.max(1, Math.floor(REPEAT_TICKS / frames.length))
    const stamps = Uint32Array.from(frames, (_, i) => newest.rtpTimestamp + (i + 1) * step)
    this.#egress.replay(this.videoTrack, fanout.videoSource, frames[0]!.number, stamps)
  }

  #tellAnyDelay(): void {
    this.#cancelDelay?.()
    this.#egress.updateTrack(this.videoTrack, { playoutDelay: ANY_DELAY })
    this.#cancelDelay = this.#options.clock.after(TELL_ANY_DELAY, () => {
      this.#egress.updateTrack(this.videoTrack, { playoutDelay: null })
    })
  }

  #execute(output: PlaySenderOutput): void {
    switch (output.kind) {
      case 'resend':
        this.#egress.resend(this.#trackIds[output.track]!, output.sequences)
        return
      case 'pacing':
        this.#egress.updateViewer(this.#viewer!, { pacingRate: output.bitrate })
        return
      case 'sender-report':
        this.#egress.senderReport(this.#trackIds[output.track]!, output.wallClock, output.rtpTimestamp)
    }
  }

  #handleSenderEvent(event: PlaySenderEvent): void {
    if (event.kind === 'redundancy') this.#setRedundancy(event.isWanted)
    // A player's BYE is followed by its DTLS goodbye or by silence; either ends the session.
    if (event.kind === 'keyframe-wanted' && !this.#options.fanout.requestKeyframe()) this.#repeatVideo()
  }

  /** Browsers do not ask for lost sound again: it is sent thrice while they lose some (RFC 2198). */
  #setRedundancy(isWanted: boolean): void {
    const codec = this.#options.media.find((media) => media.kind === 'audio')?.codecs[0]
    if (codec?.redPayloadType === undefined) return
    this.redundancy = isWanted ? codec.payloadType : 0
    this.#egress.updateTrack(this.audioTrack, { payloadType: isWanted ? codec.redPayloadType : codec.payloadType })
  }

  #handleEgressEvent(event: EgressEvent): void {
    if (event.kind === 'starved') this.#sender?.starved()
    else if (event.kind === 'replayed') this.#tellAnyDelay()
  }
}
