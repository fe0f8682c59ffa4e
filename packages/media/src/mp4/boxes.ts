import { writeUint32 } from '../bytes/big-endian.js'

/*
 * Boxes of ISO/IEC 14496-12 section 4.2: u32 size | four characters | content. The boxes of an init segment are few and
 * small, so each is built from its parts; the boxes of a fragment are written in place, see fragment.ts.
 */

/** Size and type. */
export const BOX_HEADER_LENGTH = 8
/** Version and flags behind the header of a full box. */
export const FULL_BOX_HEADER_LENGTH = BOX_HEADER_LENGTH + 4

/** The four characters of a box type or brand as a number. */
export function fourCc(text: string): number {
  let value = 0
  for (let index = 0; index < 4; index++) value = value * 256 + text.charCodeAt(index)
  return value
}

/** Writes size and type; returns the offset after them. */
export function writeBoxHeader(type: number, size: number, out: Uint8Array, offset: number): number {
  return writeUint32(type, out, writeUint32(size, out, offset))
}

/** One box of its parts. */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, BOX_HEADER_LENGTH)
  const out = new Uint8Array(size)
  let offset = writeBoxHeader(fourCc(type), size, out, 0)
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** A box with version and flags (section 4.2.2). */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, u32(version * 0x1000000 + flags), ...parts)
}

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

export function u16(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >>> 8, value]))
}

export function u32(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4)
  values.forEach((value, index) => writeUint32(value, out, index * 4))
  return out
}

/** Unsigned 64 bits of a safe integer; returns the offset after them. */
export function writeUint64(value: number, out: Uint8Array, offset: number): number {
  return writeUint32(value % 0x1_0000_0000, out, writeUint32(Math.floor(value / 0x1_0000_0000), out, offset))
}
