import { writeUint24, writeUint32 } from '@crossroom/media'

/** The header of the first chunk of a message (RTMP 1.0, section 5.3.1.2.1). */
export interface MessageHeader {
  /** 2 to 63. */
  readonly chunkStreamId: number
  /** Milliseconds; written modulo 2^32. */
  readonly timestampMs: number
  readonly messageType: number
  readonly messageStreamId: number
}

/** The fields that determine the size of a message on the wire. */
export interface MessageExtent {
  readonly payloadLength: number
  /** The chunk size last announced to the peer, in bytes. */
  readonly chunkSize: number
  readonly timestampMs: number
}

const TYPE_0_LENGTH = 12
const TYPE_3_LENGTH = 1
const TYPE_3 = 0xc0
const EXTENDED = 0xffffff
const EXTENDED_LENGTH = 4

/** Bytes that `writeMessageChunks` needs for a message. */
export function byteLengthOfMessageChunks({ payloadLength, chunkSize, timestampMs }: MessageExtent): number {
  const extended = timestampMs >>> 0 >= EXTENDED ? EXTENDED_LENGTH : 0
  const continuations = Math.max(0, Math.ceil(payloadLength / chunkSize) - 1)
  return TYPE_0_LENGTH + extended + payloadLength + continuations * (TYPE_3_LENGTH + extended)
}

/**
 * Writes a message as one chunk with header type 0 and as many of type 3 as it takes, and returns the offset after it.
 * The bytes depend on nothing but the arguments: packed once, they suit every player with the same chunk size, provided
 * that messages are not interleaved. An extended timestamp is repeated in every chunk (section 5.3.1.3).
 */
export function writeMessageChunks(
  header: MessageHeader,
  payload: Uint8Array,
  chunkSize: number,
  out: Uint8Array,
  offset: number,
): number {
  const timestamp = header.timestampMs >>> 0
  const isExtended = timestamp >= EXTENDED
  let next = writeType0(header, payload.length, isExtended ? EXTENDED : timestamp, out, offset)
  if (isExtended) next = writeUint32(timestamp, out, next)
  if (payload.length <= chunkSize) {
    out.set(payload, next)
    return next + payload.length
  }
  for (let from = 0; from < payload.length; from += chunkSize) {
    if (from > 0) {
      out[next++] = TYPE_3 | header.chunkStreamId
      if (isExtended) next = writeUint32(timestamp, out, next)
    }
    const piece = payload.subarray(from, from + chunkSize)
    out.set(piece, next)
    next += piece.length
  }
  return next
}

function writeType0(
  header: MessageHeader,
  payloadLength: number,
  timestampField: number,
  out: Uint8Array,
  offset: number,
): number {
  out[offset] = header.chunkStreamId
  writeUint24(timestampField, out, offset + 1)
  writeUint24(payloadLength, out, offset + 4)
  out[offset + 7] = header.messageType
  // The only little-endian number of the protocol.
  out[offset + 8] = header.messageStreamId
  out[offset + 9] = header.messageStreamId >>> 8
  out[offset + 10] = header.messageStreamId >>> 16
  out[offset + 11] = header.messageStreamId >>> 24
  return offset + TYPE_0_LENGTH
}
