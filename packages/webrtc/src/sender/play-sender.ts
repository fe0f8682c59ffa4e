import type { Machine, Micros } from '@crossroom/media'
import { BandwidthEstimator, START_BITRATE } from '../bwe/bandwidth-estimator.js'
import { parseCompound, type RtcpPacket, type UnusedRtcpPacket } from '../rtcp/compound.js'
import type { ReceiverReport } from '../rtcp/receiver-report.js'
import { FrameGate, type GatedFrame } from './frame-gate.js'
import { RedundancySwitch } from './redundancy-switch.js'
import { ReportSchedule } from './report-schedule.js'
import { ResendBudget } from './resend-budget.js'
import { ResendLedger, type ResendCounters } from './resend-ledger.js'
import { RoundTrip } from './round-trip.js'
import { Throttle, VIEWER_KEYFRAME_INTERVAL } from './throttle.js'

/** One track that a viewer is sent. */
export interface PlayTrack {
  readonly kind: 'video' | 'audio'
  readonly ssrc: number
  /** There is RTX, or the profile allows the identical packet: NACKs are answered. */
  readonly canResend: boolean
  /** Packets per second that the source sends at present. */
  readonly packetsPerSecond: () => number
  /**
   * The source's RTP time at `now` on the live mapping, never a squeezed one; undefined while there is none. On the
   * source's time line: the egress adds the viewer's offset.
   */
  readonly rtpTimestampAt: (now: Micros) => number | undefined
}

export interface PlaySenderOptions {
  readonly now: Micros
  /** Microseconds since 1970 (UTC) less the monotonic clock, so that `now + wallClockOffset` is the wall clock. */
  readonly wallClockOffset: Micros
  readonly tracks: readonly PlayTrack[]
  /** Bits per second of all tracks together at present. */
  readonly streamBitrate: () => number
}

/** Commands for the egress. `track` is the index in `PlaySenderOptions.tracks`. */
export type PlaySenderOutput =
  /** `sequences` is written over by the next NACK: hand it on at once. */
  | { readonly kind: 'resend'; readonly track: number; readonly sequences: Uint16Array }
  | { readonly kind: 'pacing'; readonly bitrate: number }
  | {
      readonly kind: 'sender-report'
      readonly track: number
      readonly wallClock: Micros
      readonly rtpTimestamp: number
    }

export type PlaySenderEvent =
  /** The viewer cannot decode and wants a keyframe: ask the publisher, or send the cached one. At most once in 2 s. */
  | { readonly kind: 'keyframe-wanted'; readonly track: number }
  /** The viewer has begun to lose, or no longer loses, so much that its sound should be sent with redundancy (RFC 2198). */
  | { readonly kind: 'redundancy'; readonly isWanted: boolean }
  /** The viewer stops receiving. */
  | { readonly kind: 'bye' }

export interface PlaySenderStats {
  /** Undefined before the first echo of a sender report. */
  readonly roundTrip: Micros | undefined
  /** Loss of the worst track in its last receiver report, 0 to 1. */
  readonly lossFraction: number
  /** Bits per second that the path is thought to carry. */
  readonly estimate: number
  /** Whether the estimate is more than the allowance it began with. */
  readonly isLimited: boolean
  readonly framesDropped: number
  readonly keyframesWanted: number
  readonly malformed: number
  /** Over all tracks. */
  readonly resends: Readonly<ResendCounters>
}

/** Packets of a frame leave this much faster than the estimate, so that a keyframe is not late; the queue stays short. */
const PACING_FACTOR = 2.5
/** Without a known limit the burst runs at this multiple of the stream, and never below the start bitrate. */
const BURST_FACTOR = 3
/** A path that was fed back about for this long, and showed no limit, carries what the start bitrate stands for. */
const PROVING_TIME: Micros = 2_000_000
/** Smaller changes of the pace are not worth a command. */
const PACING_STEP = 0.1

/**
 * What the server knows and decides about one viewer: which losses to repair, how fast to send, when to report, when to
 * leave frames out. It formats no packet of media and keeps no copy of any; the egress does.
 */
export class PlaySender implements Machine<Uint8Array, PlaySenderOutput, PlaySenderEvent> {
  readonly #options: PlaySenderOptions
  readonly #budget: ResendBudget
  readonly #ledgers: ResendLedger[]
  readonly #keyframeThrottles: Throttle[]
  readonly #losses: number[]
  readonly #gate = new FrameGate()
  readonly #roundTrip = new RoundTrip()
  readonly #reports: ReportSchedule
  readonly #redundancy = new RedundancySwitch()
  readonly #outputs: PlaySenderOutput[] = []
  readonly #events: PlaySenderEvent[] = []
  #estimator = new BandwidthEstimator()
  #pacing = 0
  /** When the path counts as proven; undefined before the first feedback. */
  #provenAt: Micros | undefined
  #keyframesWanted = 0
  #malformed = 0

  constructor(options: PlaySenderOptions) {
    this.#options = options
    this.#budget = new ResendBudget(() => options.tracks.reduce((sum, track) => sum + track.packetsPerSecond(), 0))
    this.#ledgers = options.tracks.map(() => new ResendLedger(this.#budget))
    this.#keyframeThrottles = options.tracks.map(() => new Throttle(VIEWER_KEYFRAME_INTERVAL))
    this.#losses = options.tracks.map(() => 0)
    this.#reports = new ReportSchedule(options.now)
    this.#updatePacing(options.now)
  }

  /** Takes a compound RTCP packet, decrypted. What is malformed or about another stream is counted and passed over. */
  handleInput(now: Micros, compound: Uint8Array): void {
    const packets = parseCompound(compound)
    if (packets === undefined) {
      this.#malformed++
      return
    }
    for (const packet of packets) this.#handlePacket(now, packet)
  }

  handleTimeout(now: Micros): void {
    if (!this.#reports.isDue(now)) return
    const wallClock = now + this.#options.wallClockOffset
    let count = 0
    for (const [track, { rtpTimestampAt }] of this.#options.tracks.entries()) {
      const rtpTimestamp = rtpTimestampAt(now)
      if (rtpTimestamp === undefined) continue
      this.#outputs.push({ kind: 'sender-report', track, wallClock, rtpTimestamp })
      count++
    }
    if (count === 0) {
      this.#reports.postpone(now)
      return
    }
    this.#roundTrip.reportSent(now, wallClock)
    this.#reports.sent(now)
  }

  pollOutput(): PlaySenderOutput | undefined {
    return this.#outputs.shift()
  }

  pollEvent(): PlaySenderEvent | undefined {
    return this.#events.shift()
  }

  pollTimeout(): Micros {
    return this.#reports.next
  }

  /** A row of the egress's `pollSent` about this viewer. */
  recordSent(firstTransportSequence: number, count: number, bytes: number, sentAt: Micros): void {
    this.#estimator.recordSent(firstTransportSequence, count, bytes, sentAt)
    this.#budget.recordSent(sentAt, count)
  }

  /** Whether this viewer gets a video frame of `bytes` payload bytes. Ask once per frame, in order. Cheap. */
  admitFrame(now: Micros, frame: GatedFrame, bytes: number): boolean {
    return this.#gate.admit(now, frame, bytes, this.#estimator.isCongested(now) ? this.#estimator.bitrate : Infinity)
  }

  /** The egress has emptied this viewer's video queue (`starved`): nothing more until a keyframe. */
  starved(): void {
    this.#gate.close()
  }

  /** The viewer has moved to another network (`moved`): what was learnt about the old one is void. */
  pathChanged(): void {
    this.#estimator = new BandwidthEstimator()
    this.#provenAt = undefined
    this.#updatePacing(0)
  }

  stats(): PlaySenderStats {
    const resends: ResendCounters = { requested: 0, granted: 0, tooSoon: 0, tooOften: 0, overBudget: 0 }
    for (const { counters } of this.#ledgers) {
      for (const name of Object.keys(resends) as (keyof ResendCounters)[]) resends[name] += counters[name]
    }
    return {
      roundTrip: this.#roundTrip.value,
      lossFraction: Math.max(0, ...this.#losses),
      estimate: this.#estimator.bitrate,
      isLimited: this.#estimator.isLimited,
      framesDropped: this.#gate.dropped,
      keyframesWanted: this.#keyframesWanted,
      malformed: this.#malformed,
      resends,
    }
  }

  #handlePacket(now: Micros, packet: RtcpPacket | UnusedRtcpPacket): void {
    switch (packet.type) {
      case 'nack':
        return this.#handleNack(now, packet.mediaSsrc, packet.sequenceNumbers)
      case 'pli':
        return this.#wantKeyframe(now, packet.mediaSsrc)
      case 'fir':
        for (const entry of packet.entries) this.#wantKeyframe(now, entry.ssrc)
        return
      case 'receiver-report':
      case 'sender-report':
        return this.#handleReports(now, packet.reports)
      case 'transport-feedback':
        this.#provenAt ??= now + PROVING_TIME
        this.#estimator.handleFeedback(now, packet)
        this.#updateRedundancy(now, this.#estimator.lossFraction)
        return this.#updatePacing(now)
      case 'remb':
        this.#estimator.handleReceiverEstimate(packet.bitrate)
        return this.#updatePacing(now)
      case 'bye':
        this.#events.push({ kind: 'bye' })
        return
      case 'source-description':
      case 'unused':
        return
    }
  }

  #handleNack(now: Micros, ssrc: number, sequenceNumbers: readonly number[]): void {
    const track = this.#trackOf(ssrc)
    if (track < 0 || !this.#options.tracks[track]!.canResend) return
    const sequences = this.#ledgers[track]!.grant(now, sequenceNumbers, this.#roundTrip.value ?? 0)
    if (sequences.length > 0) this.#outputs.push({ kind: 'resend', track, sequences })
  }

  #wantKeyframe(now: Micros, ssrc: number): void {
    const track = this.#trackOf(ssrc)
    if (track < 0 || this.#options.tracks[track]!.kind !== 'video') return
    this.#keyframesWanted++
    if (this.#keyframeThrottles[track]!.allow(now)) this.#events.push({ kind: 'keyframe-wanted', track })
  }

  #handleReports(now: Micros, reports: ReceiverReport['reports']): void {
    for (const block of reports) {
      const track = this.#trackOf(block.ssrc)
      if (track < 0) continue
      this.#losses[track] = block.fractionLost / 256
      this.#updateRedundancy(now, block.fractionLost / 256)
      if (block.lastSenderReport === 0) continue
      this.#roundTrip.reportEchoed(now, block.lastSenderReport, block.delaySinceLastSenderReport)
      this.#estimator.setRoundTrip(this.#roundTrip.value ?? 0)
    }
  }

  #updateRedundancy(now: Micros, loss: number): void {
    if (this.#redundancy.update(now, loss)) this.#events.push({ kind: 'redundancy', isWanted: this.#redundancy.isOn })
  }

  #trackOf(ssrc: number): number {
    const { tracks } = this.#options
    for (let index = 0; index < tracks.length; index++) if (tracks[index]!.ssrc === ssrc) return index
    return -1
  }

  #updatePacing(now: Micros): void {
    const bitrate = Math.round(this.#pace(now))
    if (Math.abs(bitrate - this.#pacing) <= PACING_STEP * this.#pacing) return
    this.#pacing = bitrate
    this.#outputs.push({ kind: 'pacing', bitrate })
  }

  /** An estimate without proof slows bursts down, but never below what the stream itself needs. */
  #pace(now: Micros): number {
    const stream = this.#options.streamBitrate()
    const estimated = PACING_FACTOR * this.#estimator.bitrate
    if (!this.#estimator.isLimited) {
      const isProven = this.#provenAt !== undefined && now >= this.#provenAt
      return Math.max(isProven ? estimated : START_BITRATE, BURST_FACTOR * stream)
    }
    return this.#estimator.isCongested(now) ? estimated : Math.max(estimated, BURST_FACTOR * stream)
  }
}
