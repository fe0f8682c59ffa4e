import type { Micros } from '@crossroom/media'
import {
  OPUS_CLOCK_RATE,
  parseCompound,
  planBurst,
  rtpTimestampFromMicros,
  START_BITRATE,
  trackOptionsOf,
  VIDEO_CLOCK_RATE,
  type Egress,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type SrtpKeys,
  type TrackId,
  type ViewerId,
} from '@crossroom/webrtc'
import type { Clock, EndReason } from '../../hub/index.js'
import type { RtcGateway } from './gateway.js'
import type { KeptFrame, RtpFanout, RtpViewer } from './rtp-fanout.js'

/** RFC 3550 section 6.2 asks for seconds; browsers synchronise from the first two. */
const REPORT_INTERVAL: Micros = 1_000_000

interface SendingTrack {
  readonly id: TrackId
  readonly ssrc: number
  readonly kind: 'video' | 'audio'
}

export interface RtcPlayOptions {
  readonly gateway: RtcGateway
  readonly fanout: RtpFanout
  readonly media: readonly NegotiatedMedia[]
  readonly clock: Clock
  /** Microseconds since 1970. */
  readonly wallClock: () => number
  /** The first media was handed to the egress. */
  onStarted(): void
  onEnd(reason: EndReason): void
}

/** One browser that plays one stream: its tracks in the egress, its start from a keyframe, its reports and repairs. */
export class RtcPlay implements RtpViewer, MediaReceiver {
  readonly #options: RtcPlayOptions
  readonly #egress: Egress
  readonly #tracks: SendingTrack[] = []
  #viewer: ViewerId | undefined
  #waitsForKeyframe = false
  #cancelReport: (() => void) | undefined
  #closed = false

  constructor(options: RtcPlayOptions) {
    this.#options = options
    this.#egress = options.gateway.egress
  }

  get bytesSent(): number {
    return this.#viewer === undefined ? 0 : (this.#egress.viewerCounters(this.#viewer)?.octets ?? 0)
  }

  get droppedFrames(): number {
    return this.#viewer === undefined ? 0 : (this.#egress.viewerCounters(this.#viewer)?.framesDropped ?? 0)
  }

  /** Keys are there: media flows from now on. */
  handleConnected(keys: SrtpKeys, address: PeerAddress | undefined): void {
    if (this.#closed) return
    const { gateway, fanout, media } = this.#options
    const viewer = this.#egress.addViewer({ keys, route: { kind: 'none' } })
    this.#viewer = viewer
    this.#egress.updateViewer(viewer, { route: gateway.routeOf(viewer, address) })
    fanout.add(this)
    for (const entry of media) {
      const options = trackOptionsOf(entry)
      const id = this.#egress.addTrack(viewer, options)
      this.#tracks.push({ id, ssrc: options.ssrc, kind: entry.kind })
      if (entry.kind === 'audio') fanout.addTarget('audio', id)
      else this.#startVideo(id)
    }
    this.#report()
    this.#options.onStarted()
  }

  handleMoved(address: PeerAddress | undefined): void {
    if (this.#viewer === undefined) return
    this.#egress.updateViewer(this.#viewer, { route: this.#options.gateway.routeOf(this.#viewer, address) })
  }

  handleVideo(frame: KeptFrame, keyframe: boolean): void {
    if (!this.#waitsForKeyframe || !keyframe) return
    this.#waitsForKeyframe = false
    const track = this.#tracks.find((entry) => entry.kind === 'video')
    if (track !== undefined) this.#startAt(track.id, frame)
  }

  handleEnd(reason: EndReason): void {
    this.#options.onEnd(reason)
  }

  handleRtp(): void {
    // A player sends none.
  }

  handleRtcp(_arrivedAt: Micros, compound: Uint8Array): void {
    for (const packet of parseCompound(compound) ?? []) {
      if (packet.type === 'nack') {
        const track = this.#tracks.find((entry) => entry.ssrc === packet.mediaSsrc)
        if (track !== undefined) this.#egress.resend(track.id, Uint16Array.from(packet.sequenceNumbers))
      }
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelReport?.()
    const ids = this.#tracks.map((track) => track.id)
    this.#options.fanout.remove(this, ids)
    if (this.#viewer === undefined) return
    this.#options.gateway.forgetViewer(this.#viewer)
    this.#egress.removeViewer(this.#viewer)
  }

  #startVideo(track: TrackId): void {
    const { fanout } = this.#options
    const newest = fanout.gop.at(-1)
    if (newest === undefined) {
      this.#waitsForKeyframe = true
      fanout.requestKeyframe()
      return
    }
    const { nextKeyframePts } = fanout
    const plan = planBurst({
      frames: fanout.gop,
      clockRate: VIDEO_CLOCK_RATE,
      bitrate: START_BITRATE,
      ...(nextKeyframePts !== undefined && { untilKeyframe: nextKeyframePts - newest.pts }),
    })
    this.#waitsForKeyframe = plan.waitsForKeyframe
    this.#egress.replay(track, fanout.videoSource, fanout.gop[0]!.number, plan.rtpTimestamps)
    if (!plan.waitsForKeyframe) fanout.addTarget('video', track)
  }

  /** The keyframe that was waited for has been sent to the others just now. */
  #startAt(track: TrackId, frame: KeptFrame): void {
    const { fanout } = this.#options
    this.#egress.replay(track, fanout.videoSource, frame.number, Uint32Array.of(frame.rtpTimestamp))
    fanout.addTarget('video', track)
  }

  #report(): void {
    const { clock, fanout, wallClock } = this.#options
    const live = fanout.clock.liveAt(clock.now())
    if (live !== undefined) {
      for (const track of this.#tracks) {
        const clockRate = track.kind === 'video' ? VIDEO_CLOCK_RATE : OPUS_CLOCK_RATE
        this.#egress.senderReport(track.id, wallClock(), rtpTimestampFromMicros(live, clockRate))
      }
    }
    this.#cancelReport = clock.after(REPORT_INTERVAL, () => this.#report())
  }
}
