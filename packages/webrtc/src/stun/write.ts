import { writeUint16, writeUint32 } from '@crossroom/media'
import { parseIp, type IpEndpoint } from './address.js'
import {
  Attribute,
  ATTRIBUTE_HEADER_BYTES,
  FINGERPRINT_ATTRIBUTE_BYTES,
  FINGERPRINT_XOR,
  HEADER_BYTES,
  INTEGRITY_ATTRIBUTE_BYTES,
  MAGIC_COOKIE,
  padded,
} from './attributes.js'
import { crc32 } from './crc32.js'
import type { HmacSha1, StunClass } from './message.js'

/** A Binding message to write. It always ends in FINGERPRINT, and in MESSAGE-INTEGRITY before that when a key is given. */
export interface StunDraft {
  readonly class: StunClass
  /** 12 bytes; a response repeats those of its request. */
  readonly transactionId: Uint8Array
  /** ASCII. */
  readonly username?: string
  readonly priority?: number
  readonly useCandidate?: boolean
  readonly role?: { readonly is: 'controlling' | 'controlled'; readonly tieBreaker: Uint8Array }
  readonly mappedAddress?: IpEndpoint
  readonly error?: { readonly code: number; readonly reason: string }
  readonly unknownAttributes?: readonly number[]
  /** The short-term password's bytes. */
  readonly integrityKey?: Uint8Array
}

const classBits: Readonly<Record<StunClass, number>> = {
  request: 0,
  indication: 0x0010,
  success: 0x0100,
  error: 0x0110,
}

/** Bytes that `writeStun` will take for the draft. */
export function byteLengthOfStun(draft: StunDraft): number {
  let length = HEADER_BYTES + FINGERPRINT_ATTRIBUTE_BYTES
  if (draft.username !== undefined) length += attributeBytes(draft.username.length)
  if (draft.priority !== undefined) length += attributeBytes(4)
  if (draft.useCandidate === true) length += attributeBytes(0)
  if (draft.role !== undefined) length += attributeBytes(8)
  if (draft.mappedAddress !== undefined) length += attributeBytes(4 + ipBytesOf(draft.mappedAddress).length)
  if (draft.error !== undefined) length += attributeBytes(4 + draft.error.reason.length)
  if (draft.unknownAttributes !== undefined) length += attributeBytes(2 * draft.unknownAttributes.length)
  if (draft.integrityKey !== undefined) length += INTEGRITY_ATTRIBUTE_BYTES
  return length
}

/**
 * Writes the draft at `offset` and returns the offset behind it. `out` must have `byteLengthOfStun(draft)` bytes left.
 * Throws a RangeError when the mapped address is not an IP address: it is the caller's socket that reported it.
 */
export function writeStun(draft: StunDraft, out: Uint8Array, offset: number, hmacSha1: HmacSha1): number {
  const end = offset + byteLengthOfStun(draft)
  writeUint16(classBits[draft.class] | 1, out, offset)
  writeUint32(MAGIC_COOKIE, out, offset + 4)
  out.set(draft.transactionId.subarray(0, 12), offset + 8)
  let at = writeAttributes(draft, out, offset)
  if (draft.integrityKey !== undefined) {
    writeUint16(at + INTEGRITY_ATTRIBUTE_BYTES - offset - HEADER_BYTES, out, offset + 2)
    const mac = hmacSha1(draft.integrityKey, out.slice(offset, at))
    at = writeBytes(out, at, Attribute.MESSAGE_INTEGRITY, mac)
  }
  writeUint16(end - offset - HEADER_BYTES, out, offset + 2)
  const fingerprint = (crc32(out, offset, at) ^ FINGERPRINT_XOR) >>> 0
  writeUint32(fingerprint, out, writeAttributeHeader(out, at, Attribute.FINGERPRINT, 4))
  return end
}

/** The draft in a separate buffer. */
export function encodeStun(draft: StunDraft, hmacSha1: HmacSha1): Uint8Array {
  const out = new Uint8Array(byteLengthOfStun(draft))
  writeStun(draft, out, 0, hmacSha1)
  return out
}

function writeAttributes(draft: StunDraft, out: Uint8Array, offset: number): number {
  let at = offset + HEADER_BYTES
  if (draft.error !== undefined) {
    const value = new Uint8Array(4 + draft.error.reason.length)
    value[2] = Math.floor(draft.error.code / 100)
    value[3] = draft.error.code % 100
    value.set(asciiBytes(draft.error.reason), 4)
    at = writeBytes(out, at, Attribute.ERROR_CODE, value)
  }
  if (draft.unknownAttributes !== undefined) {
    const value = new Uint8Array(2 * draft.unknownAttributes.length)
    for (const [index, type] of draft.unknownAttributes.entries()) writeUint16(type, value, 2 * index)
    at = writeBytes(out, at, Attribute.UNKNOWN_ATTRIBUTES, value)
  }
  if (draft.username !== undefined) at = writeBytes(out, at, Attribute.USERNAME, asciiBytes(draft.username))
  if (draft.priority !== undefined) {
    const value = new Uint8Array(4)
    writeUint32(draft.priority, value, 0)
    at = writeBytes(out, at, Attribute.PRIORITY, value)
  }
  if (draft.useCandidate === true) at = writeAttributeHeader(out, at, Attribute.USE_CANDIDATE, 0)
  if (draft.role !== undefined) {
    const type = draft.role.is === 'controlling' ? Attribute.ICE_CONTROLLING : Attribute.ICE_CONTROLLED
    at = writeBytes(out, at, type, draft.role.tieBreaker.subarray(0, 8))
  }
  if (draft.mappedAddress !== undefined) at = writeXorAddress(out, at, offset, draft.mappedAddress)
  return at
}

function writeXorAddress(out: Uint8Array, at: number, messageAt: number, address: IpEndpoint): number {
  const ip = ipBytesOf(address)
  const value = new Uint8Array(4 + ip.length)
  value[1] = ip.length === 4 ? 1 : 2
  writeUint16(address.port ^ (MAGIC_COOKIE >>> 16), value, 2)
  for (let index = 0; index < ip.length; index++) value[4 + index] = ip[index]! ^ out[messageAt + 4 + index]!
  return writeBytes(out, at, Attribute.XOR_MAPPED_ADDRESS, value)
}

function writeAttributeHeader(out: Uint8Array, at: number, type: number, length: number): number {
  return writeUint16(length, out, writeUint16(type, out, at))
}

function writeBytes(out: Uint8Array, at: number, type: number, value: Uint8Array): number {
  const valueAt = writeAttributeHeader(out, at, type, value.length)
  const next = valueAt + padded(value.length)
  out.fill(0, valueAt + value.length, next)
  out.set(value, valueAt)
  return next
}

function attributeBytes(valueBytes: number): number {
  return ATTRIBUTE_HEADER_BYTES + padded(valueBytes)
}

function ipBytesOf(address: IpEndpoint): Uint8Array {
  const bytes = parseIp(address.ip)
  if (bytes === undefined) throw new RangeError(`"${address.ip}" is not an IP address`)
  return bytes
}

/** ASCII text as bytes: ICE fragments, passwords and reason phrases hold nothing else. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index) & 0x7f
  return bytes
}
