/** How many bytes FFmpeg makes of RTP packets: NAL units behind start codes of 4 bytes. */

const RTP_HEADER = 12
const START_CODE = 4

/** Marker and payload of an RTP packet (RFC 3550 section 5.1); undefined when it is none. */
export function readRtp(packet: Uint8Array): { readonly marker: boolean; readonly payload: Uint8Array } | undefined {
  if (packet.length < RTP_HEADER || packet[0]! >> 6 !== 2) return undefined
  let start = RTP_HEADER + 4 * (packet[0]! & 15)
  if ((packet[0]! & 0x10) !== 0) {
    if (start + 4 > packet.length) return undefined
    start += 4 + 4 * ((packet[start + 2]! << 8) | packet[start + 3]!)
  }
  const padding = (packet[0]! & 0x20) === 0 ? 0 : packet[packet.length - 1]!
  const end = packet.length - padding
  return start > end ? undefined : { marker: (packet[1]! & 0x80) !== 0, payload: packet.subarray(start, end) }
}

/** RFC 6184 section 5.4: single units, STAP-A and FU-A. */
export function annexBytesOfH264(payload: Uint8Array): number {
  if (payload.length < 2) return 0
  const type = payload[0]! & 31
  if (type === 24) return bytesOfAggregate(payload, 1)
  if (type !== 28) return START_CODE + payload.length
  return payload.length - 2 + ((payload[1]! & 0x80) === 0 ? 0 : START_CODE + 1)
}

/** RFC 7798 section 4.4: single units, aggregation packets and fragmentation units. */
export function annexBytesOfH265(payload: Uint8Array): number {
  if (payload.length < 3) return 0
  const type = (payload[0]! >> 1) & 63
  if (type === 48) return bytesOfAggregate(payload, 2)
  if (type !== 49) return START_CODE + payload.length
  return payload.length - 3 + ((payload[2]! & 0x80) === 0 ? 0 : START_CODE + 2)
}

function bytesOfAggregate(payload: Uint8Array, start: number): number {
  let sum = 0
  for (let offset = start; offset + 2 <= payload.length;) {
    const length = (payload[offset]! << 8) | payload[offset + 1]!
    offset += 2 + length
    if (offset <= payload.length) sum += START_CODE + length
  }
  return sum
}
