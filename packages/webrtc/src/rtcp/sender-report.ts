import { readUint32, writeUint32 } from '@crossroom/media'
import type { NtpTime } from '../rtp/ntp.js'
import { RTCP_SENDER_REPORT, rtcpCount, writeRtcpHeader } from './header.js'
import { parseReportBlocks, REPORT_BLOCK_LENGTH, writeReportBlock, type ReportBlock } from './report-block.js'

/** SR: ties a stream's RTP clock to the sender's wall clock (RFC 3550 section 6.4.1). */
export interface SenderReport {
  readonly type: 'sender-report'
  readonly ssrc: number
  readonly ntpTime: NtpTime
  /** The same moment in the stream's RTP clock. */
  readonly rtpTimestamp: number
  /** Packets and payload bytes sent since the beginning, modulo 2^32. */
  readonly packetCount: number
  readonly octetCount: number
  readonly reports: readonly ReportBlock[]
}

/** Header and sender information. */
const FIXED_LENGTH = 28

/** Reads one RTCP packet of type 200; undefined when it is too short. Profile-specific extensions are ignored. */
export function parseSenderReport(packet: Uint8Array): SenderReport | undefined {
  if (packet.length < FIXED_LENGTH) return undefined
  const reports = parseReportBlocks(packet, FIXED_LENGTH, rtcpCount(packet))
  if (reports === undefined) return undefined
  return {
    type: 'sender-report',
    ssrc: readUint32(packet, 4),
    ntpTime: { seconds: readUint32(packet, 8), fraction: readUint32(packet, 12) },
    rtpTimestamp: readUint32(packet, 16),
    packetCount: readUint32(packet, 20),
    octetCount: readUint32(packet, 24),
    reports,
  }
}

export function byteLengthOfSenderReport(report: SenderReport): number {
  return FIXED_LENGTH + report.reports.length * REPORT_BLOCK_LENGTH
}

/** Writes the report, which holds at most 31 blocks; returns the offset behind it. */
export function writeSenderReport(report: SenderReport, out: Uint8Array, offset: number): number {
  const byteLength = byteLengthOfSenderReport(report)
  writeRtcpHeader(RTCP_SENDER_REPORT, report.reports.length, byteLength, out, offset)
  writeUint32(report.ssrc, out, offset + 4)
  writeUint32(report.ntpTime.seconds, out, offset + 8)
  writeUint32(report.ntpTime.fraction, out, offset + 12)
  writeUint32(report.rtpTimestamp, out, offset + 16)
  writeUint32(report.packetCount, out, offset + 20)
  let position = writeUint32(report.octetCount, out, offset + 24)
  for (const block of report.reports) position = writeReportBlock(block, out, position)
  return position
}
