import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import type { SrtpProfile } from '@crossroom/webrtc'
import { TAG_BYTES } from './session-keys.js'
import type { SessionKeys } from './session-keys.js'

/** Big-endian bytes of a non-negative integer. */
function bigEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** RFC 3711 section 4.1.1: (salt · 2^16) xor (SSRC · 2^64) xor (index · 2^16). */
function counterNonce(salt: Uint8Array, ssrc: number, index: bigint): Uint8Array {
  return bigEndian((toInteger(salt) << 16n) ^ (BigInt(ssrc) << 64n) ^ (index << 16n), 16)
}

/** RFC 7714 sections 8.1 and 9.1: salt xor (SSRC · 2^48 + index). */
function gcmNonce(salt: Uint8Array, ssrc: number, index: bigint): Uint8Array {
  return bigEndian(toInteger(salt) ^ (BigInt(ssrc) << 48n) ^ index, 12)
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** The parts of a packet: authenticated only, encrypted, and the word authenticated after both. */
export interface PacketParts {
  readonly header: Uint8Array
  readonly body: Uint8Array
  /** Rollover counter (SRTP with SHA-1), E bit and index (SRTCP), or nothing (SRTP with GCM). */
  readonly word: Uint8Array
  readonly ssrc: number
  readonly index: bigint
}

export interface Sealed {
  readonly body: Uint8Array
  readonly tag: Uint8Array
}

export function seal(profile: SrtpProfile, keys: SessionKeys, packet: PacketParts): Sealed {
  const { header, body, word, ssrc, index } = packet
  if (profile === 'SRTP_AEAD_AES_128_GCM') {
    const cipher = createCipheriv('aes-128-gcm', keys.encryption, gcmNonce(keys.salt, ssrc, index))
    cipher.setAAD(join(header, word))
    const encrypted = join(cipher.update(body), cipher.final())
    return { body: encrypted, tag: cipher.getAuthTag() }
  }
  const cipher = createCipheriv('aes-128-ctr', keys.encryption, counterNonce(keys.salt, ssrc, index))
  const encrypted = cipher.update(body)
  const digest = createHmac('sha1', keys.authentication)
    .update(join(header, encrypted, word))
    .digest()
  return { body: encrypted, tag: digest.subarray(0, TAG_BYTES[profile]) }
}

/** The plaintext of the body; undefined when the tag is not right. */
export function open(
  profile: SrtpProfile,
  keys: SessionKeys,
  packet: PacketParts,
  tag: Uint8Array,
): Uint8Array | undefined {
  const { header, body, word, ssrc, index } = packet
  if (profile === 'SRTP_AEAD_AES_128_GCM') {
    const decipher = createDecipheriv('aes-128-gcm', keys.encryption, gcmNonce(keys.salt, ssrc, index))
    decipher.setAAD(join(header, word))
    decipher.setAuthTag(tag)
    try {
      return join(decipher.update(body), decipher.final())
    } catch {
      return undefined // node:crypto tells a wrong tag by throwing
    }
  }
  const digest = createHmac('sha1', keys.authentication)
    .update(join(header, body, word))
    .digest()
  if (!timingSafeEqual(digest.subarray(0, TAG_BYTES[profile]), tag)) return undefined
  return createDecipheriv('aes-128-ctr', keys.encryption, counterNonce(keys.salt, ssrc, index)).update(body)
}

export function word32(value: number): Uint8Array {
  return bigEndian(BigInt(value), 4)
}
