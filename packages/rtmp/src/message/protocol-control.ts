/** The limit type of Set Peer Bandwidth (RTMP 1.0, section 5.4.5) that every server sends: 2, dynamic. */
const DYNAMIC_LIMIT = 2

/** The number in Set Chunk Size, Abort, Acknowledgement, Window Acknowledgement Size (sections 5.4.1 to 5.4.4). */
export function parseControlValue(payload: Uint8Array): number | undefined {
  if (payload.length < 4) return undefined
  return ((payload[0]! << 24) | (payload[1]! << 16) | (payload[2]! << 8) | payload[3]!) >>> 0
}

/** The payload of these messages. */
export function encodeControlValue(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** The payload of Set Peer Bandwidth (section 5.4.5): a window in bytes. */
export function encodePeerBandwidth(windowBytes: number): Uint8Array {
  return Uint8Array.of(windowBytes >>> 24, windowBytes >>> 16, windowBytes >>> 8, windowBytes, DYNAMIC_LIMIT)
}
