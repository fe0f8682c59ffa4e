import { readUint32, writeUint32 } from '@crossroom/media'
import { RTCP_RECEIVER_REPORT, rtcpCount, writeRtcpHeader } from './header.js'
import { parseReportBlocks, REPORT_BLOCK_LENGTH, writeReportBlock, type ReportBlock } from './report-block.js'

/** RR: what a receiver tells about the streams it gets (RFC 3550 section 6.4.2). */
export interface ReceiverReport {
  readonly type: 'receiver-report'
  /** The reporter's own SSRC. */
  readonly ssrc: number
  readonly reports: readonly ReportBlock[]
}

const FIXED_LENGTH = 8

/** Reads one RTCP packet of type 201; undefined when it is too short. */
export function parseReceiverReport(packet: Uint8Array): ReceiverReport | undefined {
  if (packet.length < FIXED_LENGTH) return undefined
  const reports = parseReportBlocks(packet, FIXED_LENGTH, rtcpCount(packet))
  return reports && { type: 'receiver-report', ssrc: readUint32(packet, 4), reports }
}

export function byteLengthOfReceiverReport(report: ReceiverReport): number {
  return FIXED_LENGTH + report.reports.length * REPORT_BLOCK_LENGTH
}

/** Writes the report, which holds at most 31 blocks; returns the offset behind it. */
export function writeReceiverReport(report: ReceiverReport, out: Uint8Array, offset: number): number {
  writeRtcpHeader(RTCP_RECEIVER_REPORT, report.reports.length, byteLengthOfReceiverReport(report), out, offset)
  let position = writeUint32(report.ssrc, out, offset + 4)
  for (const block of report.reports) position = writeReportBlock(block, out, position)
  return position
}
