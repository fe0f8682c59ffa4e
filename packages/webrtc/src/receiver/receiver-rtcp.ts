import type { Micros } from '@crossroom/media'
import { writeRtcp, type RtcpPacket } from '../rtcp/compound.js'
import { MAX_REPORT_BLOCKS, type ReportBlock } from '../rtcp/report-block.js'
import type { ReceivedStream } from './received-stream.js'
import { TransportArrivals } from './transport-arrivals.js'

/** Receiver reports, with loss for the sender's FEC and rate, and REMB. */
const REPORT_INTERVAL: Micros = 1_000_000
/** Transport-wide feedback: senders expect between a twentieth and a quarter of a second, and each costs a datagram. */
const FEEDBACK_INTERVAL: Micros = 100_000
/**
 * Feedback leaves at multiples of this: that of many publishers at once, for which one timer runs and one thread is woken,
 * instead of a hundred of each in a tenth of a second.
 */
const FEEDBACK_GRID: Micros = 20_000
/** NACKs of all streams are gathered for this long. */
const NACK_INTERVAL: Micros = 20_000
/** Sequence numbers asked for at once. */
const MAX_NACKS_AT_ONCE = 256
/** RTCP leaves in packets of at most this size, like RTP. */
const MAX_RTCP_BYTES = 1150
/** Room for one packet more than that; the largest is a NACK of 256 lone packets: 12 + 256 × 4 bytes. */
const SCRATCH_BYTES = MAX_RTCP_BYTES + 1036

export interface ReceiverRtcpOptions {
  readonly now: Micros
  /** Our own SSRC. */
  readonly ssrc: number
  readonly cname: string
  /** Takes a compound to encrypt and send. */
  send(compound: Uint8Array): void
  /** The streams in reports, by SSRC; evaluated on each call. */
  readonly streams: ReadonlyMap<number, ReceivedStream>
}

/**
 * The feedback of a receiver to its sender, and its timing: reports, transport-wide feedback, REMB, NACK, PLI or FIR.
 * Feedback goes without a leading report (RFC 5506), which every browser takes.
 */
export class ReceiverRtcp {
  readonly #options: ReceiverRtcpOptions
  readonly #arrivals = new TransportArrivals()
  readonly #missing: number[] = []
  readonly #scratch = new Uint8Array(SCRATCH_BYTES)
  #reportAt: Micros
  #feedbackAt: Micros | undefined
  #nackedAt: Micros = -Infinity
  #firCount = 0
  /** Share of all packets that the network lost between the last two reports, 0 to 1; retransmissions do not mend it. */
  lossFraction = 0

  constructor(options: ReceiverRtcpOptions) {
    this.#options = options
    this.#reportAt = options.now + REPORT_INTERVAL
  }

  /** Takes note of a packet with a transport-wide sequence number. True when that made feedback due, at some time. */
  onTransportPacket(transportSequence: number, arrivedAt: Micros): boolean {
    this.#arrivals.onPacket(transportSequence, arrivedAt)
    if (this.#feedbackAt !== undefined) return false
    this.#feedbackAt = Math.floor((arrivedAt + FEEDBACK_INTERVAL) / FEEDBACK_GRID) * FEEDBACK_GRID
    return true
  }

  /** Sends reports that are due. `estimate`, in bits per second, is sent as REMB with them. */
  sendDue(now: Micros, roundTrip: Micros, estimate: number | undefined): void {
    const packets: RtcpPacket[] = []
    this.#addReports(now, estimate, packets)
    for (const stream of this.#options.streams.values()) this.#addKeyframeRequest(stream, now, packets)
    this.#addNacks(now, roundTrip, packets)
    this.#addFeedback(now, packets)
    this.#send(packets)
  }

  /** When something is due; `Infinity` while there is nothing to report on. */
  get dueAt(): Micros {
    const { streams } = this.#options
    const feedbackAt = this.#feedbackAt ?? Infinity
    if (streams.size === 0) return feedbackAt
    let next = Math.min(this.#reportAt, feedbackAt, this.#nacksDueAt() ?? Infinity)
    for (const stream of streams.values()) next = Math.min(next, stream.keyframes.dueAt() ?? Infinity)
    return next
  }

  #addReports(now: Micros, estimate: number | undefined, packets: RtcpPacket[]): void {
    const { ssrc, cname, streams } = this.#options
    if (now < this.#reportAt || streams.size === 0) return
    this.#reportAt = now + REPORT_INTERVAL
    const reports: ReportBlock[] = []
    let [expected, lost] = [0, 0]
    for (const { ssrc: mediaSsrc, statistics } of streams.values()) {
      const block = statistics.report(mediaSsrc, now)
      if (block !== undefined && reports.length < MAX_REPORT_BLOCKS) reports.push(block)
      expected += statistics.intervalExpected
      lost += statistics.intervalLost
    }
    this.lossFraction = expected === 0 ? 0 : lost / expected
    packets.push({ type: 'receiver-report', ssrc, reports }, { type: 'source-description', chunks: [{ ssrc, cname }] })
    if (estimate === undefined) return
    packets.push({ type: 'remb', senderSsrc: ssrc, bitrate: estimate, ssrcs: [...streams.keys()] })
  }

  #addKeyframeRequest(stream: ReceivedStream, now: Micros, packets: RtcpPacket[]): void {
    if (!stream.keyframes.take(now)) return
    const { ssrc: senderSsrc } = this.#options
    if (stream.keyframeMessage === 'pli') packets.push({ type: 'pli', senderSsrc, mediaSsrc: stream.ssrc })
    if (stream.keyframeMessage === 'fir') {
      const entries = [{ ssrc: stream.ssrc, sequenceNumber: this.#firCount++ & 0xff }]
      packets.push({ type: 'fir', senderSsrc, entries })
    }
  }

  #addNacks(now: Micros, roundTrip: Micros, packets: RtcpPacket[]): void {
    const due = this.#nacksDueAt()
    if (due === undefined || now < due) return
    this.#nackedAt = now
    for (const stream of this.#options.streams.values()) {
      if (!stream.canNack) continue
      this.#missing.length = 0
      stream.nacks.takeDue(now, roundTrip, MAX_NACKS_AT_ONCE, this.#missing)
      if (this.#missing.length === 0) continue
      const sequenceNumbers = [...this.#missing]
      packets.push({ type: 'nack', senderSsrc: this.#options.ssrc, mediaSsrc: stream.ssrc, sequenceNumbers })
    }
  }

  #nacksDueAt(): Micros | undefined {
    let due = Infinity
    for (const stream of this.#options.streams.values()) {
      if (stream.canNack) due = Math.min(due, stream.nacks.nextDue() ?? Infinity)
    }
    return due === Infinity ? undefined : Math.max(due, this.#nackedAt + NACK_INTERVAL)
  }

  #addFeedback(now: Micros, packets: RtcpPacket[]): void {
    if (this.#feedbackAt === undefined || now < this.#feedbackAt) return
    this.#feedbackAt = undefined
    const { ssrc, streams } = this.#options
    const mediaSsrc = streams.keys().next().value ?? 0
    for (;;) {
      const feedback = this.#arrivals.takeFeedback(ssrc, mediaSsrc)
      if (feedback === undefined) return
      packets.push(feedback)
    }
  }

  /** Puts the packets into as few datagrams as they fit. */
  #send(packets: readonly RtcpPacket[]): void {
    const scratch = this.#scratch
    let length = 0
    for (let index = 0; index < packets.length; index++) {
      const end = writeRtcp(packets[index]!, scratch, length)
      if (length === 0 || end <= MAX_RTCP_BYTES) {
        length = end
        continue
      }
      this.#options.send(scratch.slice(0, length))
      scratch.copyWithin(0, length, end)
      length = end - length
    }
    if (length > 0) this.#options.send(scratch.slice(0, length))
  }
}
