import { readUint16, writeUint16, writeUint32 } from '@crossroom/media'
import type { RtpHeader } from './header.js'

/** Bytes of the original sequence number (OSN) before the retransmitted payload (RFC 4588 section 4). */
export const RTX_OSN_LENGTH = 2

/**
 * Undoes RFC 4588 section 4 in place: the header moves two bytes towards the payload over the OSN, and SSRC, payload type and
 * sequence number become the original's. Returns a view of `packet`, which must not be used otherwise afterwards; `header`
 * must be parsed again. Undefined when the packet carries no OSN (padding sent on the RTX stream as a bandwidth probe).
 */
export function restoreFromRtx(
  packet: Uint8Array,
  header: RtpHeader,
  originalSsrc: number,
  originalPayloadType: number,
): Uint8Array | undefined {
  if (header.payloadLength < RTX_OSN_LENGTH) return undefined
  const originalSequenceNumber = readUint16(packet, header.payloadOffset)
  packet.copyWithin(RTX_OSN_LENGTH, 0, header.payloadOffset)
  const restored = packet.subarray(RTX_OSN_LENGTH)
  restored[1] = (header.marker ? 0x80 : 0) | (originalPayloadType & 0x7f)
  writeUint16(originalSequenceNumber, restored, 2)
  writeUint32(originalSsrc, restored, 8)
  return restored
}

/**
 * Writes `packet` as its retransmission (RFC 4588 section 4): own SSRC, payload type and sequence number, the original sequence
 * number before the payload. Header extensions are kept as they are. Needs `packet.length + 2` bytes in `out`; returns the
 * offset behind the packet.
 */
export function writeRtx(
  packet: Uint8Array,
  header: RtpHeader,
  rtx: { readonly ssrc: number; readonly payloadType: number; readonly sequenceNumber: number },
  out: Uint8Array,
  offset: number,
): number {
  out.set(packet.subarray(0, header.payloadOffset), offset)
  out[offset + 1] = (header.marker ? 0x80 : 0) | (rtx.payloadType & 0x7f)
  writeUint16(rtx.sequenceNumber, out, offset + 2)
  writeUint32(rtx.ssrc, out, offset + 8)
  const payload = writeUint16(header.sequenceNumber, out, offset + header.payloadOffset)
  out.set(packet.subarray(header.payloadOffset), payload)
  return payload + packet.length - header.payloadOffset
}
