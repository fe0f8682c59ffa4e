import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import { BandwidthEstimator, START_BITRATE } from '../bwe/bandwidth-estimator.js'
import { parseCompound, type RtcpPacket, type UnusedRtcpPacket } from '../rtcp/compound.js'
import type { ReceiverReport } from '../rtcp/receiver-report.js'
import type { GatedFrame } from './frame-gate.js'
import { PathBacklog } from './path-backlog.js'
import { RedundancySwitch } from './redundancy-switch.js'
import { ResendBudget } from './resend-budget.js'
import type { ResendCounters } from './resend-ledger.js'
import { RoundTrip } from './round-trip.js'
import { SentTrack, type PlayTrack } from './sent-track.js'

export interface PlaySenderOptions {
  /** Microseconds since 1970 (UTC) less the monotonic clock, so that `now + wallClockOffset` is the wall clock. */
  readonly wallClockOffset: Micros
}

/** Commands for the egress. `ssrc` is a track's that was added and not removed since. */
export type PlaySenderOutput =
  /** `sequences` is written over by the next NACK: hand it on at once. */
  | { readonly kind: 'resend'; readonly ssrc: number; readonly sequences: Uint16Array }
  | { readonly kind: 'pacing'; readonly bitrate: number }
  | {
      readonly kind: 'sender-report'
      readonly ssrc: number
      readonly wallClock: Micros
      readonly rtpTimestamp: number
    }

export type PlaySenderEvent =
  /** The viewer cannot decode and wants a keyframe: ask the publisher, or send the cached one. At most once in 2 s. */
  | { readonly kind: 'keyframe-wanted'; readonly ssrc: number }
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
/** Sound goes first, but pictures keep this share of what the path is thought to carry. */
const LEAST_VIDEO_SHARE = 0.25
/** Viewers that feed back about every packet do so many times a second; after such a silence the network was away. */
const BLACKOUT: Micros = 2_000_000
/** Reports that are due so soon leave together with those that are due. */
const REPORTS_TOGETHER: Micros = 250_000

/**
 * The server's state and decisions about one viewer: which losses to repair, how fast to send, when to report, when
 * to leave frames out. It formats no packet of media and keeps no copy of any; the egress does.
 */
export class PlaySender implements Machine<Uint8Array, PlaySenderOutput, PlaySenderEvent> {
  readonly #options: PlaySenderOptions
  readonly #tracks = new Map<number, SentTrack>()
  readonly #budget: ResendBudget
  readonly #backlog = new PathBacklog()
  readonly #roundTrip = new RoundTrip()
  readonly #redundancy = new RedundancySwitch()
  readonly #outbox = new Outbox<PlaySenderOutput, PlaySenderEvent>()
  #estimator = new BandwidthEstimator()
  #pacing = 0
  /** When the path counts as proven; undefined before the first feedback. */
  #provenAt: Micros | undefined
  #keyframesWanted = 0
  #heardAt: Micros = 0
  #malformed = 0
  /** Frames left out of tracks that are gone. */
  #removedDrops = 0
  /** As it was when the pace was last looked at. */
  #audioBitrate = 0

  constructor(options: PlaySenderOptions) {
    this.#options = options
    this.#budget = new ResendBudget(() => this.#sum((track) => track.packetsPerSecond()))
  }

  /** From now on the track is reported and repaired. Its SSRC must be new to this session. */
  addTrack(now: Micros, track: PlayTrack): void {
    this.#tracks.set(track.ssrc, new SentTrack(track, now, this.#budget, this.#backlog))
    this.#updatePacing(now)
  }

  removeTrack(ssrc: number): void {
    this.#removedDrops += this.#tracks.get(ssrc)?.gate.dropped ?? 0
    this.#tracks.delete(ssrc)
  }

  /** Which videos stop first when the path carries too little: 0 is the last to stop. */
  setRank(ssrc: number, rank: number): void {
    const sent = this.#tracks.get(ssrc)
    if (sent !== undefined) sent.gate.rank = rank
  }

  /**
   * Handles a decrypted compound RTCP packet. Malformed blocks and those about other streams are counted and skipped.
   */
  handleInput(now: Micros, compound: Uint8Array): void {
    const packets = parseCompound(compound)
    if (packets === undefined) {
      this.#malformed++
      return
    }
    this.#noteReturn(now)
    for (const packet of packets) this.#handlePacket(now, packet)
  }

  poll(now: Micros): Polled<PlaySenderOutput, PlaySenderEvent> {
    if (this.#reportAt <= now) this.#report(now)
    return this.#outbox.take() ?? this.#reportAt
  }

  #report(now: Micros): void {
    const wallClock = now + this.#options.wallClockOffset
    let count = 0
    for (const { track, reports } of this.#tracks.values()) {
      if (!reports.isDue(now + REPORTS_TOGETHER)) continue
      const rtpTimestamp = track.rtpTimestampAt(now)
      if (rtpTimestamp === undefined) {
        reports.postpone(now)
        continue
      }
      this.#outbox.send({ kind: 'sender-report', ssrc: track.ssrc, wallClock, rtpTimestamp })
      reports.sent(now)
      count++
    }
    if (count > 0) this.#roundTrip.reportSent(now, wallClock)
  }

  /** `Infinity` without a track. */
  get #reportAt(): Micros {
    let next = Infinity
    for (const { reports } of this.#tracks.values()) next = Math.min(next, reports.next)
    return next
  }

  /** A row of the egress's `pollSent` about this viewer. */
  recordSent(firstTransportSequence: number, count: number, bytes: number, sentAt: Micros): void {
    this.#estimator.recordSent(firstTransportSequence, count, bytes, sentAt)
    this.#budget.recordSent(sentAt, count)
  }

  /**
   * Whether this viewer gets a frame of `bytes` payload bytes of that video. Ask once per frame, in order. Cheap.
   * `isTakeOver`: it is the keyframe with which another layer begins.
   */
  admitFrame(now: Micros, ssrc: number, frame: GatedFrame, bytes: number, isTakeOver = false): boolean {
    return this.#tracks.get(ssrc)?.gate.admit(now, frame, bytes, this.videoBudget(now), isTakeOver) ?? false
  }

  /**
   * Whether a video that was stopped could go on if there were a keyframe; true once a second at most. Publishers by WebRTC
   * send keyframes only when they are asked, and a viewer that gets nothing does not ask.
   */
  lacksKeyframe(now: Micros, ssrc: number): boolean {
    const sent = this.#tracks.get(ssrc)
    return sent?.gate.lacksKeyframe === true && sent.missingKeyframes.allow(now)
  }

  /**
   * Bits per second that the path is thought to carry for pictures, after the sound; Infinity while nothing says that it is
   * overfull.
   */
  videoBudget(now: Micros): number {
    if (!this.#estimator.isCongested(now)) return Infinity
    const { bitrate } = this.#estimator
    return Math.max(bitrate - this.#audioBitrate, bitrate * LEAST_VIDEO_SHARE)
  }

  /** The egress has emptied the queue of this video (`starved`): nothing more until a keyframe. */
  starved(ssrc: number): void {
    this.#tracks.get(ssrc)?.gate.close()
  }

  /** The viewer moved to another network (`moved`): everything learned about the old one is void. */
  pathChanged(): void {
    this.#estimator = new BandwidthEstimator()
    this.#provenAt = undefined
    this.#updatePacing(0)
  }

  stats(): PlaySenderStats {
    const resends: ResendCounters = { requested: 0, granted: 0, tooSoon: 0, tooOften: 0, overBudget: 0 }
    let framesDropped = this.#removedDrops
    let lossFraction = 0
    for (const { ledger, gate, loss } of this.#tracks.values()) {
      for (const name of Object.keys(resends) as (keyof ResendCounters)[]) resends[name] += ledger.counters[name]
      framesDropped += gate.dropped
      lossFraction = Math.max(lossFraction, loss)
    }
    return {
      roundTrip: this.#roundTrip.value,
      lossFraction,
      estimate: this.#estimator.bitrate,
      isLimited: this.#estimator.isLimited,
      framesDropped,
      keyframesWanted: this.#keyframesWanted,
      malformed: this.#malformed,
      resends,
    }
  }

  /** Packets sent without any feedback are lost: send the viewer a keyframe before it notices that it needs one. */
  #noteReturn(now: Micros): void {
    const isBack = this.#provenAt !== undefined && now - this.#heardAt > BLACKOUT
    this.#heardAt = now
    if (isBack) for (const ssrc of this.#tracks.keys()) this.#wantKeyframe(now, ssrc)
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
        this.#outbox.tell({ kind: 'bye' })
        return
      case 'source-description':
      case 'unused':
        return
    }
  }

  #handleNack(now: Micros, ssrc: number, sequenceNumbers: readonly number[]): void {
    const sent = this.#tracks.get(ssrc)
    if (sent?.track.canResend !== true) return
    const sequences = sent.ledger.grant(now, sequenceNumbers, this.#roundTrip.value ?? 0)
    if (sequences.length > 0) this.#outbox.send({ kind: 'resend', ssrc, sequences })
  }

  #wantKeyframe(now: Micros, ssrc: number): void {
    const sent = this.#tracks.get(ssrc)
    if (sent?.track.kind !== 'video') return
    this.#keyframesWanted++
    if (sent.keyframes.allow(now)) this.#outbox.tell({ kind: 'keyframe-wanted', ssrc })
  }

  #handleReports(now: Micros, reports: ReceiverReport['reports']): void {
    for (const block of reports) {
      const sent = this.#tracks.get(block.ssrc)
      if (sent === undefined) continue
      sent.loss = block.fractionLost / 256
      this.#updateRedundancy(now, block.fractionLost / 256)
      if (block.lastSenderReport === 0) continue
      this.#roundTrip.reportEchoed(now, block.lastSenderReport, block.delaySinceLastSenderReport)
      this.#estimator.setRoundTrip(this.#roundTrip.value ?? 0)
    }
  }

  #updateRedundancy(now: Micros, loss: number): void {
    if (this.#redundancy.update(now, loss)) this.#outbox.tell({ kind: 'redundancy', isWanted: this.#redundancy.isOn })
  }

  #sum(value: (track: PlayTrack) => number): number {
    let sum = 0
    for (const { track } of this.#tracks.values()) sum += value(track)
    return sum
  }

  #updatePacing(now: Micros): void {
    this.#audioBitrate = this.#sum((track) => (track.kind === 'audio' ? track.bitsPerSecond() : 0))
    const bitrate = Math.round(this.#pace(now))
    if (Math.abs(bitrate - this.#pacing) <= PACING_STEP * this.#pacing) return
    this.#pacing = bitrate
    this.#outbox.send({ kind: 'pacing', bitrate })
  }

  /** An estimate without proof slows bursts down, but never below what the stream itself needs. */
  #pace(now: Micros): number {
    const stream = this.#sum((track) => track.bitsPerSecond())
    const estimated = PACING_FACTOR * this.#estimator.bitrate
    if (!this.#estimator.isLimited) {
      const isProven = this.#provenAt !== undefined && now >= this.#provenAt
      return Math.max(isProven ? estimated : START_BITRATE, BURST_FACTOR * stream)
    }
    return this.#estimator.isCongested(now) ? estimated : Math.max(estimated, BURST_FACTOR * stream)
  }
}
