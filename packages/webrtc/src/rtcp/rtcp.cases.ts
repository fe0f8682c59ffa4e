import type { RtcpPacket } from './compound.js'
import type { ReportBlock } from './report-block.js'
import { NOT_RECEIVED } from './transport-feedback.js'

const block: ReportBlock = {
  ssrc: 0x1234_5678,
  fractionLost: 12,
  cumulativeLost: -3,
  highestSequence: 0x0001_fffe,
  jitter: 900,
  lastSenderReport: 0x8001_0002,
  delaySinceLastSenderReport: 0x0001_0000,
}

function feedback(name: string, arrivals: readonly number[]) {
  const packet = {
    type: 'transport-feedback',
    senderSsrc: 1,
    mediaSsrc: 2,
    baseSequence: 0xfff0,
    feedbackCount: 255,
    referenceTime: -2,
    arrivals: Int32Array.from(arrivals),
  } as const
  return { name, packet }
}

const lost = NOT_RECEIVED

/** One packet of every kind, written and read back by the tests and mutated by the fuzzer. */
export const rtcpPackets: readonly { readonly name: string; readonly packet: RtcpPacket }[] = [
  {
    name: 'sender report',
    packet: {
      type: 'sender-report',
      ssrc: 0xffff_ffff,
      ntpTime: { seconds: 0xe8a1_2345, fraction: 0x8000_0001 },
      rtpTimestamp: 0xffff_0000,
      packetCount: 100,
      octetCount: 100_000,
      reports: [block, { ...block, ssrc: 7, cumulativeLost: 0x7f_ffff }],
    },
  },
  { name: 'receiver report', packet: { type: 'receiver-report', ssrc: 1, reports: [block] } },
  { name: 'receiver report without blocks', packet: { type: 'receiver-report', ssrc: 1, reports: [] } },
  ...[0, 1, 2, 3, 4].map((length) => ({
    name: `description with a CNAME of ${length} bytes`,
    packet: {
      type: 'source-description',
      chunks: [
        { ssrc: 1, cname: 'x'.repeat(length) },
        { ssrc: 2, cname: 'y' },
      ],
    } as const,
  })),
  { name: 'bye', packet: { type: 'bye', ssrcs: [1, 2] } },
  {
    name: 'nack over the wrap',
    packet: { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [0xfff0, 0xffff, 0, 1, 17, 18, 100] },
  },
  { name: 'pli', packet: { type: 'pli', senderSsrc: 1, mediaSsrc: 2 } },
  { name: 'fir', packet: { type: 'fir', senderSsrc: 1, entries: [{ ssrc: 2, sequenceNumber: 255 }] } },
  { name: 'remb', packet: { type: 'remb', senderSsrc: 1, bitrate: 262_143 * 2 ** 5, ssrcs: [2, 3] } },
  feedback('feedback of one packet', [4]),
  feedback('feedback in one-bit symbols', [1, 2, lost, 3, 100, lost, lost, 255]),
  feedback('feedback in two-bit symbols', [1, 2, lost, 1, 1000, 1000, 600, 5000]),
  feedback('feedback with a long loss', [1, ...Array<number>(300).fill(lost), 9000]),
  feedback(
    'feedback of a long run',
    Array.from({ length: 100 }, (_, index) => index * 4),
  ),
  feedback('feedback of 20 then a large delta', [...Array.from({ length: 20 }, (_, index) => index), 4000, lost, 4001]),
]
