import { readUint16, readUint32, writeUint16, writeUint32 } from '@crossroom/media'

/** Version 2 in the two highest bits of the first byte (RFC 3550 section 5.1). */
const VERSION_BITS = 0x80

/** Bytes before CSRCs and extensions: 4 (flags, sequence) + 4 (timestamp) + 4 (SSRC). */
export const RTP_FIXED_HEADER_LENGTH = 12

/**
 * The header of one RTP packet (RFC 3550 section 5.1) with the places of what follows it. Mutable so that a receive loop
 * can reuse one object for every packet.
 */
export interface RtpHeader {
  marker: boolean
  payloadType: number
  /** 16 bits as on the wire; `SequenceUnwrapper` gives a number that never wraps. */
  sequenceNumber: number
  /** 32 bits in units of the codec's clock. */
  timestamp: number
  ssrc: number
  csrcCount: number
  /** "Defined by profile" of the extension (0xBEDE one-byte, 0x100x two-byte elements), 0 without extension. */
  extensionProfile: number
  /** First byte of the extension's elements. */
  extensionOffset: number
  /** Bytes of the extension's elements, always a multiple of 4. */
  extensionLength: number
  payloadOffset: number
  /** Bytes of payload without padding; 0 for the padding-only packets of bandwidth probes. */
  payloadLength: number
  paddingLength: number
}

/** A header with every field zero, to be filled by `parseRtpHeader`. */
export function createRtpHeader(): RtpHeader {
  return {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    csrcCount: 0,
    extensionProfile: 0,
    extensionOffset: 0,
    extensionLength: 0,
    payloadOffset: 0,
    payloadLength: 0,
    paddingLength: 0,
  }
}

/**
 * Reads an RTP header (RFC 3550 section 5.1) into `into`, which is returned; undefined when the version is wrong or a length
 * inside the packet reaches past its end. After undefined the content of `into` is not to be used. The packet is the first
 * `length` bytes.
 */
export function parseRtpHeader(
  packet: Uint8Array,
  into: RtpHeader = createRtpHeader(),
  length = packet.length,
): RtpHeader | undefined {
  if (length < RTP_FIXED_HEADER_LENGTH) return undefined
  const flags = packet[0]!
  if ((flags & 0xc0) !== VERSION_BITS) return undefined
  const second = packet[1]!
  into.marker = (second & 0x80) !== 0
  into.payloadType = second & 0x7f
  into.sequenceNumber = readUint16(packet, 2)
  into.timestamp = readUint32(packet, 4)
  into.ssrc = readUint32(packet, 8)
  into.csrcCount = flags & 0x0f
  let offset = RTP_FIXED_HEADER_LENGTH + 4 * into.csrcCount
  into.extensionProfile = 0
  into.extensionOffset = offset
  into.extensionLength = 0
  if ((flags & 0x10) !== 0) {
    if (length < offset + 4) return undefined
    into.extensionProfile = readUint16(packet, offset)
    into.extensionLength = 4 * readUint16(packet, offset + 2)
    into.extensionOffset = offset + 4
    offset = into.extensionOffset + into.extensionLength
  }
  into.paddingLength = (flags & 0x20) !== 0 ? packet[length - 1]! : 0
  if ((flags & 0x20) !== 0 && into.paddingLength === 0) return undefined
  into.payloadOffset = offset
  into.payloadLength = length - offset - into.paddingLength
  return into.payloadLength < 0 ? undefined : into
}

/** A view of the payload without padding; it shares the packet's memory. */
export function rtpPayload(packet: Uint8Array, header: RtpHeader): Uint8Array {
  return packet.subarray(header.payloadOffset, header.payloadOffset + header.payloadLength)
}

/** What `writeRtpHeader` needs. `csrcs` are never written: nothing here mixes. */
export interface RtpHeaderFields {
  readonly marker: boolean
  readonly payloadType: number
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly ssrc: number
  /** True when a header extension block, written by `writeHeaderExtensions`, follows the 12 bytes. */
  readonly hasExtension?: boolean
}

/** Writes the fixed 12 bytes (RFC 3550 section 5.1) and returns the offset behind them. */
export function writeRtpHeader(header: RtpHeaderFields, out: Uint8Array, offset: number): number {
  out[offset] = VERSION_BITS | (header.hasExtension === true ? 0x10 : 0)
  out[offset + 1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f)
  writeUint16(header.sequenceNumber, out, offset + 2)
  writeUint32(header.timestamp, out, offset + 4)
  return writeUint32(header.ssrc, out, offset + 8)
}

/**
 * Tells RTCP from RTP where both share a port (RFC 5761 section 4): RTCP packet types 192–223 sit where RTP has marker and
 * payload types 64–95, which are never negotiated.
 */
export function isRtcp(packet: Uint8Array): boolean {
  return packet.length >= 4 && (packet[0]! & 0xc0) === VERSION_BITS && packet[1]! >= 192 && packet[1]! <= 223
}
