import { readUint16, writeUint16 } from '@crossroom/media'

/** RTCP packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611). */
export const RTCP_SENDER_REPORT = 200
export const RTCP_RECEIVER_REPORT = 201
export const RTCP_SOURCE_DESCRIPTION = 202
export const RTCP_BYE = 203
export const RTCP_TRANSPORT_FEEDBACK = 205
export const RTCP_PAYLOAD_FEEDBACK = 206

/** Bytes of the header that every RTCP packet begins with. */
export const RTCP_HEADER_LENGTH = 4

/** Header, sender's SSRC and media SSRC: what every feedback message begins with (RFC 4585 section 6.1). */
export const FEEDBACK_HEADER_LENGTH = 12

const VERSION_BITS = 0x80
const PADDING_BIT = 0x20

/** The 5 bits whose meaning depends on the type: a count of blocks or chunks, or the format (FMT) of a feedback message. */
export function rtcpCount(packet: Uint8Array): number {
  return packet[0]! & 0x1f
}

export function rtcpType(packet: Uint8Array): number {
  return packet[1]!
}

/**
 * A view of the one RTCP packet that begins at `offset`, without its padding; undefined when version, length or padding are
 * wrong. The place of the next packet is `offset + rtcpLengthAt(bytes, offset)`.
 */
export function sliceRtcpPacket(bytes: Uint8Array, offset: number): Uint8Array | undefined {
  if (bytes.length < offset + RTCP_HEADER_LENGTH || (bytes[offset]! & 0xc0) !== VERSION_BITS) return undefined
  const end = offset + rtcpLengthAt(bytes, offset)
  if (end > bytes.length) return undefined
  if ((bytes[offset]! & PADDING_BIT) === 0) return bytes.subarray(offset, end)
  const padding = bytes[end - 1]!
  if (padding === 0 || padding > end - offset - RTCP_HEADER_LENGTH) return undefined
  return bytes.subarray(offset, end - padding)
}

/** Bytes of the RTCP packet at `offset`, header and padding included, as its length field says. */
export function rtcpLengthAt(bytes: Uint8Array, offset: number): number {
  return 4 * (readUint16(bytes, offset + 2) + 1)
}

/** Writes the header of a packet of `byteLength` bytes (a multiple of 4, header included); returns the offset behind it. */
export function writeRtcpHeader(
  type: number,
  count: number,
  byteLength: number,
  out: Uint8Array,
  offset: number,
): number {
  out[offset] = VERSION_BITS | (count & 0x1f)
  out[offset + 1] = type
  return writeUint16(byteLength / 4 - 1, out, offset + 2)
}
