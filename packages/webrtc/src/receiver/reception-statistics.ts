import type { Micros } from '@crossroom/media'
import type { ReportBlock } from '../rtcp/report-block.js'
import type { SenderReport } from '../rtcp/sender-report.js'
import { compactNtp, compactNtpFromMicros } from '../rtp/ntp.js'

/** What a receiver reports about one stream (RFC 3550 section 6.4.1, appendix A.3 and A.8). */
export class ReceptionStatistics {
  readonly #clockRate: number
  #first = 0
  #highest = -1
  #received = 0
  /** At the last report. */
  #lastExpected = 0
  #lastReceived = 0
  /** Packets that should have come between the last two reports, and how many of them did not. */
  intervalExpected = 0
  intervalLost = 0
  /** In units of the RTP clock, with the fraction that A.8 keeps by scaling. */
  #jitter = 0
  #lastTransit: number | undefined
  #lastSenderReport = 0
  #senderReportAt: Micros = 0

  /** @param clockRate Hz of the stream's RTP clock. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate
  }

  /** Packets that came, retransmissions and what RED brought back not counted: the report tells what the network loses. */
  get received(): number {
    return this.#received
  }

  /** Takes note of a packet by its unwrapped sequence number, and of its timestamp for the jitter. */
  onPacket(sequence: number, timestamp: number, arrivedAt: Micros): void {
    if (this.#highest < 0) this.#first = sequence
    this.#highest = Math.max(this.#highest, sequence)
    this.#first = Math.min(this.#first, sequence)
    this.#received++
    // Only the difference of two transits is used, so the wrap of the timestamp is undone by `| 0`.
    const transit = (Math.round((arrivedAt * (this.#clockRate / 1000)) / 1000) % 0x1_0000_0000) - timestamp
    if (this.#lastTransit !== undefined) {
      this.#jitter += (Math.abs((transit - this.#lastTransit) | 0) - this.#jitter) / 16
    }
    this.#lastTransit = transit
  }

  /** The sequence numbers jumped: the numbers between were never sent. */
  restart(): void {
    this.#highest = -1
    this.#received = 0
    this.#lastExpected = 0
    this.#lastReceived = 0
    this.#lastTransit = undefined
  }

  onSenderReport(report: SenderReport, arrivedAt: Micros): void {
    this.#lastSenderReport = compactNtp(report.ntpTime)
    this.#senderReportAt = arrivedAt
  }

  /** The block for the next report; undefined before the first packet. Each call begins a new interval for the loss. */
  report(ssrc: number, now: Micros): ReportBlock | undefined {
    if (this.#highest < 0) return undefined
    const expected = this.#highest - this.#first + 1
    const expectedNow = expected - this.#lastExpected
    const lostNow = expectedNow - (this.#received - this.#lastReceived)
    this.#lastExpected = expected
    this.#lastReceived = this.#received
    this.intervalExpected = Math.max(expectedNow, 0)
    this.intervalLost = Math.max(lostNow, 0)
    return {
      ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? Math.min(Math.floor((lostNow * 256) / expectedNow), 255) : 0,
      cumulativeLost: expected - this.#received,
      // Unwrapping starts at 2^16, which must not show as one wrap.
      highestSequence: (this.#highest - 0x1_0000) >>> 0,
      jitter: Math.round(this.#jitter) >>> 0,
      lastSenderReport: this.#lastSenderReport,
      delaySinceLastSenderReport: this.#lastSenderReport === 0 ? 0 : compactNtpFromMicros(now - this.#senderReportAt),
    }
  }
}
