import { readUint24 } from '@crossroom/media'

/** Type, length, timestamp with its high byte, stream id: the header of a tag of FLV. */
const TAG_HEADER_LENGTH = 11
/** The length of the tag once more, behind it. */
const BACK_POINTER_LENGTH = 4

/** Takes the messages of an aggregate: the type, milliseconds modulo 2^32, and a view of the aggregate's payload. */
export type AggregateVisitor = (messageType: number, timestamp: number, body: Uint8Array) => void

/**
 * Splits an aggregate message (RTMP 1.0, section 7.1.6), whose payload is tags of FLV. The timestamp of the message
 * replaces that of the first tag, and all others move by the same amount. Returns false when the payload is cut short;
 * the messages before the cut have been visited.
 */
export function splitAggregate(payload: Uint8Array, messageTimestamp: number, visit: AggregateVisitor): boolean {
  let offset = 0
  let shift: number | undefined
  while (offset < payload.length) {
    const bodyStart = offset + TAG_HEADER_LENGTH
    if (bodyStart > payload.length) return false
    const length = readUint24(payload, offset + 1)
    if (length > payload.length - bodyStart) return false
    const timestamp = readUint24(payload, offset + 4) | (payload[offset + 7]! << 24)
    shift ??= messageTimestamp - timestamp
    visit(payload[offset]!, (timestamp + shift) >>> 0, payload.subarray(bodyStart, bodyStart + length))
    offset = bodyStart + length + BACK_POINTER_LENGTH
  }
  return true
}
