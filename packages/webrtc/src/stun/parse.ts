import { readUint16, readUint32 } from '@crossroom/media'
import { formatIp, type IpEndpoint } from './address.js'
import {
  Attribute,
  ATTRIBUTE_HEADER_BYTES,
  FINGERPRINT_ATTRIBUTE_BYTES,
  FINGERPRINT_XOR,
  HEADER_BYTES,
  HMAC_SHA1_BYTES,
  INTEGRITY_ATTRIBUTE_BYTES,
  MAGIC_COOKIE,
  mustBeUnderstoodButIsNot,
  padded,
} from './attributes.js'
import { crc32 } from './crc32.js'
import type { HmacSha1, StunClass, StunMessage } from './message.js'

/** A connectivity check is 80 to 200 bytes; nothing ICE sends comes near this. */
export const MAX_STUN_BYTES = 1024

/** RFC 8489 section 14.3 allows 508 bytes; two ICE fragments and a colon are at most 256 + 1 + 256 (RFC 8839 section 5.4). */
const MAX_USERNAME_BYTES = 513

const MAX_UNKNOWN_ATTRIBUTES = 8

const classes: readonly StunClass[] = ['request', 'indication', 'success', 'error']

/** The two class bits of the message type, and the rest, which is 1 for Binding (RFC 8489 section 5). */
const CLASS_BITS = 0x0110
const BINDING_METHOD = 0x0001

/** Tells STUN from DTLS, RTP and RTCP on one port by the first byte (RFC 7983 section 7) and the magic cookie. */
export function isStun(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && bytes[0]! <= 3 && readUint32(bytes, 4) === MAGIC_COOKIE
}

/** Whether STUN is a response, by the higher of the two class bits (RFC 8489 section 5). */
export function isStunAnswer(bytes: Uint8Array): boolean {
  return (bytes[0]! & 1) !== 0
}

/**
 * Reads a Binding message. Undefined for anything else: wrong lengths, another method, no FINGERPRINT as the last attribute
 * or a wrong one. Attributes after MESSAGE-INTEGRITY are ignored, for they are not protected (RFC 8489 section 14.5).
 */
export function parseStun(bytes: Uint8Array): StunMessage | undefined {
  if (!isStun(bytes) || bytes.length > MAX_STUN_BYTES || !hasValidFingerprint(bytes)) return undefined
  const type = readUint16(bytes, 0)
  if ((type & ~CLASS_BITS) !== BINDING_METHOD) return undefined
  const message: Mutable<StunMessage> = {
    class: classes[((type >>> 4) & 1) | ((type >>> 7) & 2)]!,
    transactionId: bytes.subarray(8, HEADER_BYTES),
    useCandidate: false,
    unknownAttributes: [],
    bytes,
  }
  return readAttributes(message) ? message : undefined
}

/**
 * The fragment that a check is addressed to: what stands before the colon of its USERNAME. It is read without building a
 * message and before any hash, so that the checks of strangers cost next to nothing.
 */
export function readLocalFragment(bytes: Uint8Array): string | undefined {
  if (!isStun(bytes) || bytes.length > MAX_STUN_BYTES) return undefined
  for (let offset = HEADER_BYTES; offset + ATTRIBUTE_HEADER_BYTES <= bytes.length;) {
    const length = readUint16(bytes, offset + 2)
    const valueAt = offset + ATTRIBUTE_HEADER_BYTES
    if (valueAt + length > bytes.length) return undefined
    if (readUint16(bytes, offset) === Attribute.USERNAME) {
      const username = readAscii(bytes, valueAt, length)
      const colon = username?.indexOf(':') ?? -1
      return colon > 0 ? username!.slice(0, colon) : undefined
    }
    offset = valueAt + padded(length)
  }
  return undefined
}

/** Checks MESSAGE-INTEGRITY (RFC 8489 section 14.5, short-term credentials) in a time that tells nothing about the right value. */
export function hasValidIntegrity(message: StunMessage, key: Uint8Array, hmacSha1: HmacSha1): boolean {
  const at = message.integrityOffset
  if (at === undefined) return false
  // A copy even of a Buffer, whose `slice` would be a view into what the caller still reads.
  const covered = new Uint8Array(message.bytes.subarray(0, at))
  const length = at + INTEGRITY_ATTRIBUTE_BYTES - HEADER_BYTES
  covered[2] = length >>> 8
  covered[3] = length & 0xff
  const expected = hmacSha1(key, covered)
  let difference = expected.length ^ HMAC_SHA1_BYTES
  for (let index = 0; index < HMAC_SHA1_BYTES; index++) {
    difference |= expected[index]! ^ message.bytes[at + ATTRIBUTE_HEADER_BYTES + index]!
  }
  return difference === 0
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

function hasValidFingerprint(bytes: Uint8Array): boolean {
  const at = bytes.length - FINGERPRINT_ATTRIBUTE_BYTES
  if (at < HEADER_BYTES || (bytes.length & 3) !== 0) return false
  if (readUint16(bytes, 2) !== bytes.length - HEADER_BYTES) return false
  if (readUint16(bytes, at) !== Attribute.FINGERPRINT || readUint16(bytes, at + 2) !== 4) return false
  return readUint32(bytes, at + ATTRIBUTE_HEADER_BYTES) === (crc32(bytes, 0, at) ^ FINGERPRINT_XOR) >>> 0
}

function readAttributes(message: Mutable<StunMessage>): boolean {
  const { bytes } = message
  const unknown: number[] = []
  let offset = HEADER_BYTES
  while (offset < bytes.length) {
    if (offset + ATTRIBUTE_HEADER_BYTES > bytes.length) return false
    const type = readUint16(bytes, offset)
    const length = readUint16(bytes, offset + 2)
    const valueAt = offset + ATTRIBUTE_HEADER_BYTES
    if (valueAt + length > bytes.length) return false
    const isProtected = message.integrityOffset === undefined
    if (isProtected && !readAttribute(message, type, valueAt, length)) return false
    if (isProtected && mustBeUnderstoodButIsNot(type) && unknown.length < MAX_UNKNOWN_ATTRIBUTES) unknown.push(type)
    offset = valueAt + padded(length)
  }
  message.unknownAttributes = unknown
  return offset === bytes.length
}

/** Takes one attribute into the message. False when its value has the wrong shape; attributes of no interest are passed over. */
function readAttribute(message: Mutable<StunMessage>, type: number, at: number, length: number): boolean {
  const { bytes } = message
  switch (type) {
    case Attribute.USERNAME: {
      const username = length <= MAX_USERNAME_BYTES ? readAscii(bytes, at, length) : undefined
      if (username === undefined || message.username !== undefined) return false
      message.username = username
      return true
    }
    case Attribute.MESSAGE_INTEGRITY:
      message.integrityOffset = at - ATTRIBUTE_HEADER_BYTES
      return length === HMAC_SHA1_BYTES
    case Attribute.PRIORITY:
      if (length !== 4) return false
      message.priority = readUint32(bytes, at)
      return true
    case Attribute.USE_CANDIDATE:
      message.useCandidate = true
      return length === 0
    case Attribute.ICE_CONTROLLING:
    case Attribute.ICE_CONTROLLED:
      message.role = type === Attribute.ICE_CONTROLLING ? 'controlling' : 'controlled'
      return length === 8
    case Attribute.XOR_MAPPED_ADDRESS: {
      const address = readXorAddress(bytes, at, length)
      if (address === undefined) return false
      message.mappedAddress = address
      return true
    }
    case Attribute.ERROR_CODE:
      if (length < 4) return false
      message.errorCode = (bytes[at + 2]! & 7) * 100 + bytes[at + 3]!
      return true
    default:
      return true
  }
}

/** RFC 8489 section 14.2: family, port XOR the cookie's upper half, address XOR cookie and transaction id. */
function readXorAddress(bytes: Uint8Array, at: number, length: number): IpEndpoint | undefined {
  const addressBytes = length - 4
  const family = bytes[at + 1]
  if (!(family === 1 && addressBytes === 4) && !(family === 2 && addressBytes === 16)) return undefined
  const ip = new Uint8Array(addressBytes)
  for (let index = 0; index < addressBytes; index++) ip[index] = bytes[at + 4 + index]! ^ bytes[4 + index]!
  return { ip: formatIp(ip), port: readUint16(bytes, at + 2) ^ (MAGIC_COOKIE >>> 16) }
}

/** ICE fragments are ice-char, a part of ASCII (RFC 8839 section 5.4); any other byte makes the text invalid. */
function readAscii(bytes: Uint8Array, at: number, length: number): string | undefined {
  if (length > MAX_USERNAME_BYTES) return undefined
  let text = ''
  for (let index = at; index < at + length; index++) {
    const code = bytes[index]!
    if (code < 0x21 || code > 0x7e) return undefined
    text += String.fromCharCode(code)
  }
  return text
}
