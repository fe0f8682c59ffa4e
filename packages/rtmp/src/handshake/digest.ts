import { bytesEqual, encodeUtf8 } from '@crossroom/media'

/** HMAC-SHA256 (RFC 2104): the 32-byte code of `message` under `key`. Synchronous, handed in by the owner of the session. */
export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array
/** `length` bytes that a peer cannot foresee. */
export type RandomBytes = (length: number) => Uint8Array

/** The platform functions that the handshake uses. */
export interface HandshakeCrypto {
  readonly randomBytes: RandomBytes
  readonly hmacSha256: HmacSha256
}

/** C1, C2, S1 and S2 (RTMP 1.0, section 5.2). */
export const PACKET_LENGTH = 1536
/** C0 and S0, then C1 and S1. */
export const HELLO_LENGTH = 1 + PACKET_LENGTH
export const RTMP_VERSION = 3

const DIGEST_LENGTH = 32
const SIGNATURE_OFFSET = PACKET_LENGTH - DIGEST_LENGTH
/** A block holds four offset bytes, 728 positions and the 32 bytes of a digest: 764, of which two fill C1 after 8 bytes. */
const BLOCK_LENGTH = 764
const POSITIONS = BLOCK_LENGTH - 4 - DIGEST_LENGTH

/**
 * Start of the block with the digest. Flash Player wrote it first (8) or, from version 10 on, after the block of the
 * Diffie-Hellman key (772). The format is not in the published specification; this is what every peer implements.
 */
export const DIGEST_BLOCK_OFFSETS = [8, 8 + BLOCK_LENGTH] as const
export type DigestBlockOffset = (typeof DIGEST_BLOCK_OFFSETS)[number]

/** The constant behind both names, the same in every Flash program; it hides nothing. */
const GENUINE_SUFFIX = Uint8Array.of(
  ...[0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57],
  ...[0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae],
)

/** The name signs the digest in C1 or S1, name and suffix together the end of C2 or S2. */
export interface GenuineKey {
  readonly name: Uint8Array
  readonly full: Uint8Array
}

export const CLIENT_KEY = genuineKey('Genuine Adobe Flash Player 001')
export const SERVER_KEY = genuineKey('Genuine Adobe Flash Media Server 001')

function genuineKey(name: string): GenuineKey {
  const bytes = encodeUtf8(name)
  const full = new Uint8Array(bytes.length + GENUINE_SUFFIX.length)
  full.set(bytes)
  full.set(GENUINE_SUFFIX, bytes.length)
  return { name: bytes, full }
}

/** A digest that was found in C1 or S1, and the layout it was found in. */
export interface FoundDigest {
  readonly blockOffset: DigestBlockOffset
  readonly digest: Uint8Array
}

/** Looks for a valid digest of `key` in both layouts of C1 or S1; undefined for the simple handshake. */
export function findDigest(packet: Uint8Array, key: GenuineKey, hmac: HmacSha256): FoundDigest | undefined {
  for (const blockOffset of DIGEST_BLOCK_OFFSETS) {
    const at = digestOffset(packet, blockOffset)
    const digest = packet.slice(at, at + DIGEST_LENGTH)
    if (bytesEqual(digest, digestOf(packet, at, key, hmac))) return { blockOffset, digest }
  }
  return undefined
}

/** Writes the digest of `packet` (C1 or S1, otherwise complete) into it, and returns it. */
export function imprintDigest(
  packet: Uint8Array,
  blockOffset: DigestBlockOffset,
  key: GenuineKey,
  hmac: HmacSha256,
): Uint8Array {
  const at = digestOffset(packet, blockOffset)
  const digest = digestOf(packet, at, key, hmac)
  packet.set(digest, at)
  return digest
}

/** Ends `packet` (C2 or S2, otherwise random) with the signature that answers the peer's digest. */
export function signAnswer(packet: Uint8Array, peerDigest: Uint8Array, key: GenuineKey, hmac: HmacSha256): void {
  packet.set(hmac(hmac(key.full, peerDigest), packet.subarray(0, SIGNATURE_OFFSET)), SIGNATURE_OFFSET)
}

/** True when `packet` (C2 or S2) is signed for the digest that we sent. */
export function isSignedAnswer(packet: Uint8Array, ownDigest: Uint8Array, key: GenuineKey, hmac: HmacSha256): boolean {
  const signature = hmac(hmac(key.full, ownDigest), packet.subarray(0, SIGNATURE_OFFSET))
  return bytesEqual(packet.subarray(SIGNATURE_OFFSET), signature)
}

function digestOffset(packet: Uint8Array, blockOffset: DigestBlockOffset): number {
  const sum = packet[blockOffset]! + packet[blockOffset + 1]! + packet[blockOffset + 2]! + packet[blockOffset + 3]!
  return blockOffset + 4 + (sum % POSITIONS)
}

/** The digest covers the packet without the 32 bytes where it stands. */
function digestOf(packet: Uint8Array, at: number, key: GenuineKey, hmac: HmacSha256): Uint8Array {
  const covered = new Uint8Array(PACKET_LENGTH - DIGEST_LENGTH)
  covered.set(packet.subarray(0, at))
  covered.set(packet.subarray(at + DIGEST_LENGTH, PACKET_LENGTH), at)
  return hmac(key.name, covered)
}
