import { readUint24, writeUint24, writeUint32 } from '../bytes/big-endian.js'

/** `FLV`, version, flags, data offset (FLV v10.1 section E.2), and PreviousTagSize0. */
export const FLV_FILE_HEADER_LENGTH = 9 + 4
/** Type, data size, timestamp and its upper byte, stream id (section E.4.1). */
export const FLV_TAG_HEADER_LENGTH = 11
/** PreviousTagSize behind every tag (section E.3). */
export const FLV_PREVIOUS_TAG_SIZE_LENGTH = 4

/** TypeFlagsAudio and TypeFlagsVideo of the file header. */
export interface FlvFileFlags {
  readonly audio: boolean
  readonly video: boolean
}

/** Writes the file header and PreviousTagSize0, 13 bytes; returns the offset after them. */
export function writeFileHeader(flags: FlvFileFlags, out: Uint8Array, offset: number): number {
  out[offset] = 0x46
  out[offset + 1] = 0x4c
  out[offset + 2] = 0x56
  out[offset + 3] = 1
  out[offset + 4] = (flags.audio ? 4 : 0) | (flags.video ? 1 : 0)
  const next = writeUint32(9, out, offset + 5)
  return writeUint32(0, out, next)
}

/** Bytes of a whole tag: header, body, PreviousTagSize. */
export function byteLengthOfTag(bodyLength: number): number {
  return FLV_TAG_HEADER_LENGTH + bodyLength + FLV_PREVIOUS_TAG_SIZE_LENGTH
}

/**
 * Writes a tag header and returns the offset after it, where the body goes.
 * @param timestampMs wraps at 2^32 as the format does.
 */
export function writeTagHeader(
  type: number,
  bodyLength: number,
  timestampMs: number,
  out: Uint8Array,
  offset: number,
): number {
  out[offset] = type
  writeUint24(bodyLength, out, offset + 1)
  writeUint24(timestampMs % 0x1000000, out, offset + 4)
  out[offset + 7] = Math.floor(timestampMs / 0x1000000)
  writeUint24(0, out, offset + 8)
  return offset + FLV_TAG_HEADER_LENGTH
}

/** Writes what follows a body of `bodyLength` bytes; returns the offset after it. */
export function writePreviousTagSize(bodyLength: number, out: Uint8Array, offset: number): number {
  return writeUint32(FLV_TAG_HEADER_LENGTH + bodyLength, out, offset)
}

/** The timestamp of the tag header at `offset`, 0 to 2^32-1. */
export function readTagTimestampMs(bytes: Uint8Array, offset: number): number {
  return readUint24(bytes, offset + 4) + bytes[offset + 7]! * 0x1000000
}
