import { readUint32, writeUint32 } from '@crossroom/media'

/** The limit type of Set Peer Bandwidth (RTMP 1.0, section 5.4.5) that every server sends: 2, dynamic. */
const DYNAMIC_LIMIT = 2

/** The number in Set Chunk Size, Abort, Acknowledgement, Window Acknowledgement Size (sections 5.4.1 to 5.4.4). */
export function parseControlValue(payload: Uint8Array): number | undefined {
  return payload.length < 4 ? undefined : readUint32(payload, 0)
}

/** The payload of these messages. */
export function encodeControlValue(value: number): Uint8Array {
  const out = new Uint8Array(4)
  writeUint32(value, out, 0)
  return out
}

/** The payload of Set Peer Bandwidth (section 5.4.5): a window in bytes. */
export function encodePeerBandwidth(windowBytes: number): Uint8Array {
  return Uint8Array.of(...encodeControlValue(windowBytes), DYNAMIC_LIMIT)
}
