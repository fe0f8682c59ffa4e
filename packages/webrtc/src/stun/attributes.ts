/** "magic cookie" of every STUN message (RFC 8489 section 5). */
export const MAGIC_COOKIE = 0x2112a442

/** XOR-ed into the CRC-32 so that a fingerprint is not mistaken for another protocol's checksum (RFC 8489 section 14.7). */
export const FINGERPRINT_XOR = 0x5354554e

export const HEADER_BYTES = 20
export const HMAC_SHA1_BYTES = 20
/** Type and length before every attribute's value. */
export const ATTRIBUTE_HEADER_BYTES = 4
export const INTEGRITY_ATTRIBUTE_BYTES = ATTRIBUTE_HEADER_BYTES + HMAC_SHA1_BYTES
export const FINGERPRINT_ATTRIBUTE_BYTES = ATTRIBUTE_HEADER_BYTES + 4

/** Attribute types: RFC 8489 section 18.3 and RFC 8445 section 16.1. Below 0x8000 a receiver must understand them. */
export const Attribute = {
  MAPPED_ADDRESS: 0x0001,
  USERNAME: 0x0006,
  MESSAGE_INTEGRITY: 0x0008,
  ERROR_CODE: 0x0009,
  UNKNOWN_ATTRIBUTES: 0x000a,
  REALM: 0x0014,
  NONCE: 0x0015,
  MESSAGE_INTEGRITY_SHA256: 0x001c,
  XOR_MAPPED_ADDRESS: 0x0020,
  PRIORITY: 0x0024,
  USE_CANDIDATE: 0x0025,
  FINGERPRINT: 0x8028,
  ICE_CONTROLLED: 0x8029,
  ICE_CONTROLLING: 0x802a,
} as const

/** True for attributes below 0x8000 that this server does not know: a request with one is answered with 420 (RFC 8489 section 6.3.1). */
export function mustBeUnderstoodButIsNot(type: number): boolean {
  if (type >= 0x8000) return false
  switch (type) {
    case Attribute.MAPPED_ADDRESS:
    case Attribute.USERNAME:
    case Attribute.MESSAGE_INTEGRITY:
    case Attribute.ERROR_CODE:
    case Attribute.UNKNOWN_ATTRIBUTES:
    case Attribute.REALM:
    case Attribute.NONCE:
    case Attribute.MESSAGE_INTEGRITY_SHA256:
    case Attribute.XOR_MAPPED_ADDRESS:
    case Attribute.PRIORITY:
    case Attribute.USE_CANDIDATE:
      return false
    default:
      return true
  }
}

/** Attribute values are padded to whole 32-bit words (RFC 8489 section 14). */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3
}
