/** Length of the RTP header with CSRCs and extension; undefined when it does not fit into the packet (RFC 3550 section 5.1). */
export function rtpHeaderLength(packet: Uint8Array): number | undefined {
  if (packet.length < 12 || packet[0]! >> 6 !== 2) return undefined
  let length = 12 + 4 * (packet[0]! & 0x0f)
  if ((packet[0]! & 0x10) !== 0) {
    if (packet.length < length + 4) return undefined
    length += 4 + 4 * readUint16(packet, length + 2)
  }
  return length <= packet.length ? length : undefined
}

export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((readUint16(bytes, offset) << 16) | readUint16(bytes, offset + 2)) >>> 0
}
