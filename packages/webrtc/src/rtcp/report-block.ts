import { readInt24, readUint32, writeUint24, writeUint32 } from '@crossroom/media'

/** Reception statistics of one source (RFC 3550 section 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number
  /** Share of packets lost since the last report, in 1/256. */
  readonly fractionLost: number
  /** Packets lost since the beginning; negative when duplicates outnumber the losses. 24 bits on the wire, clamped. */
  readonly cumulativeLost: number
  /** Sequence number in the low 16 bits, count of its wraps in the high 16. */
  readonly highestSequence: number
  /** Interarrival jitter in units of the stream's clock. */
  readonly jitter: number
  /** Compact NTP of the last sender report, 0 when none came. */
  readonly lastSenderReport: number
  /** Time since that report came, in 1/65536 s. */
  readonly delaySinceLastSenderReport: number
}

export const REPORT_BLOCK_LENGTH = 24
/** The report count has 5 bits. */
export const MAX_REPORT_BLOCKS = 31

/** Reads `count` report blocks from `offset`; undefined when they reach past the end of the packet. */
export function parseReportBlocks(packet: Uint8Array, offset: number, count: number): ReportBlock[] | undefined {
  if (offset + count * REPORT_BLOCK_LENGTH > packet.length) return undefined
  const blocks: ReportBlock[] = []
  for (let index = 0; index < count; index++) {
    const start = offset + index * REPORT_BLOCK_LENGTH
    blocks.push({
      ssrc: readUint32(packet, start),
      fractionLost: packet[start + 4]!,
      cumulativeLost: readInt24(packet, start + 5),
      highestSequence: readUint32(packet, start + 8),
      jitter: readUint32(packet, start + 12),
      lastSenderReport: readUint32(packet, start + 16),
      delaySinceLastSenderReport: readUint32(packet, start + 20),
    })
  }
  return blocks
}

export function writeReportBlock(block: ReportBlock, out: Uint8Array, offset: number): number {
  writeUint32(block.ssrc, out, offset)
  out[offset + 4] = block.fractionLost
  writeUint24(Math.max(Math.min(block.cumulativeLost, 0x7f_ffff), -0x80_0000), out, offset + 5)
  writeUint32(block.highestSequence, out, offset + 8)
  writeUint32(block.jitter, out, offset + 12)
  writeUint32(block.lastSenderReport, out, offset + 16)
  return writeUint32(block.delaySinceLastSenderReport, out, offset + 20)
}
