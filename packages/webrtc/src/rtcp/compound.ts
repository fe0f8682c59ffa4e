import { byteLengthOfBye, parseBye, writeBye, type Bye } from './bye.js'
import { byteLengthOfFir, FIR_FORMAT, parseFir, writeFir, type FullIntraRequest } from './fir.js'
import {
  RTCP_BYE,
  RTCP_PAYLOAD_FEEDBACK,
  RTCP_RECEIVER_REPORT,
  RTCP_SENDER_REPORT,
  RTCP_SOURCE_DESCRIPTION,
  RTCP_TRANSPORT_FEEDBACK,
  rtcpCount,
  rtcpLengthAt,
  rtcpType,
  sliceRtcpPacket,
} from './header.js'
import { byteLengthOfNack, NACK_FORMAT, parseNack, writeNack, type Nack } from './nack.js'
import { byteLengthOfPli, parsePli, PLI_FORMAT, writePli, type PictureLossIndication } from './pli.js'
import {
  byteLengthOfReceiverReport,
  parseReceiverReport,
  writeReceiverReport,
  type ReceiverReport,
} from './receiver-report.js'
import { APPLICATION_FEEDBACK_FORMAT, byteLengthOfRemb, parseRemb, writeRemb, type ReceiverEstimate } from './remb.js'
import { byteLengthOfSenderReport, parseSenderReport, writeSenderReport, type SenderReport } from './sender-report.js'
import {
  byteLengthOfSourceDescription,
  parseSourceDescription,
  writeSourceDescription,
  type SourceDescription,
} from './source-description.js'
import {
  byteLengthOfTransportFeedback,
  parseTransportFeedback,
  TRANSPORT_FEEDBACK_FORMAT,
  writeTransportFeedback,
  type TransportFeedback,
} from './transport-feedback.js'

/** An RTCP packet that we write and read. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Bye
  | Nack
  | PictureLossIndication
  | FullIntraRequest
  | ReceiverEstimate
  | TransportFeedback

/** A packet of a type we do not use (XR, APP, SLI …) or whose body is malformed: to be counted and passed over. */
export interface UnusedRtcpPacket {
  readonly type: 'unused'
  readonly packetType: number
  readonly format: number
}

/** Packets read from one compound: an honest one has a report, a description and a few feedback messages. */
export const MAX_COMPOUND_PACKETS = 64

/**
 * Reads a compound packet (RFC 3550 section 6.1), or one of reduced size without a leading report (RFC 5506). Undefined when
 * a length inside does not fit: then nothing of it is to be believed.
 */
export function parseCompound(bytes: Uint8Array): (RtcpPacket | UnusedRtcpPacket)[] | undefined {
  const packets: (RtcpPacket | UnusedRtcpPacket)[] = []
  let offset = 0
  while (offset < bytes.length) {
    const packet = sliceRtcpPacket(bytes, offset)
    if (packet === undefined || packets.length === MAX_COMPOUND_PACKETS) return undefined
    packets.push(parsePacket(packet) ?? { type: 'unused', packetType: rtcpType(packet), format: rtcpCount(packet) })
    offset += rtcpLengthAt(bytes, offset)
  }
  return packets.length === 0 ? undefined : packets
}

function parsePacket(packet: Uint8Array): RtcpPacket | undefined {
  switch (rtcpType(packet)) {
    case RTCP_SENDER_REPORT:
      return parseSenderReport(packet)
    case RTCP_RECEIVER_REPORT:
      return parseReceiverReport(packet)
    case RTCP_SOURCE_DESCRIPTION:
      return parseSourceDescription(packet)
    case RTCP_BYE:
      return parseBye(packet)
    case RTCP_TRANSPORT_FEEDBACK:
      if (rtcpCount(packet) === NACK_FORMAT) return parseNack(packet)
      return rtcpCount(packet) === TRANSPORT_FEEDBACK_FORMAT ? parseTransportFeedback(packet) : undefined
    case RTCP_PAYLOAD_FEEDBACK:
      return parsePayloadFeedback(packet)
    default:
      return undefined
  }
}

function parsePayloadFeedback(packet: Uint8Array): RtcpPacket | undefined {
  switch (rtcpCount(packet)) {
    case PLI_FORMAT:
      return parsePli(packet)
    case FIR_FORMAT:
      return parseFir(packet)
    case APPLICATION_FEEDBACK_FORMAT:
      return parseRemb(packet)
    default:
      return undefined
  }
}

export function byteLengthOfRtcp(packet: RtcpPacket): number {
  switch (packet.type) {
    case 'sender-report':
      return byteLengthOfSenderReport(packet)
    case 'receiver-report':
      return byteLengthOfReceiverReport(packet)
    case 'source-description':
      return byteLengthOfSourceDescription(packet)
    case 'bye':
      return byteLengthOfBye(packet)
    case 'nack':
      return byteLengthOfNack(packet)
    case 'pli':
      return byteLengthOfPli(packet)
    case 'fir':
      return byteLengthOfFir(packet)
    case 'remb':
      return byteLengthOfRemb(packet)
    case 'transport-feedback':
      return byteLengthOfTransportFeedback(packet)
  }
}

/** Writes any RTCP packet into `out`, which has `byteLengthOfRtcp` bytes left; returns the offset behind it. */
export function writeRtcp(packet: RtcpPacket, out: Uint8Array, offset: number): number {
  switch (packet.type) {
    case 'sender-report':
      return writeSenderReport(packet, out, offset)
    case 'receiver-report':
      return writeReceiverReport(packet, out, offset)
    case 'source-description':
      return writeSourceDescription(packet, out, offset)
    case 'bye':
      return writeBye(packet, out, offset)
    case 'nack':
      return writeNack(packet, out, offset)
    case 'pli':
      return writePli(packet, out, offset)
    case 'fir':
      return writeFir(packet, out, offset)
    case 'remb':
      return writeRemb(packet, out, offset)
    case 'transport-feedback':
      return writeTransportFeedback(packet, out, offset)
  }
}

/** One compound packet of `packets`, in a new array. */
export function buildCompound(packets: readonly RtcpPacket[]): Uint8Array {
  let length = 0
  for (const packet of packets) length += byteLengthOfRtcp(packet)
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const packet of packets) offset = writeRtcp(packet, bytes, offset)
  return bytes
}
