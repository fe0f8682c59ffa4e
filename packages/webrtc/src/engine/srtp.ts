/** The two profiles that are negotiated, in order of preference (RFC 7714 section 14.2, RFC 5764 section 4.1.2). */
export type SrtpProfile = 'SRTP_AEAD_AES_128_GCM' | 'SRTP_AES128_CM_SHA1_80'

declare const srtpKeys: unique symbol

/**
 * The keys of both directions as a DTLS handshake left them. Opaque: the bytes never enter JavaScript. Only the engine
 * that made a handle can read it.
 */
export interface SrtpKeys {
  readonly [srtpKeys]: true
}

/**
 * Bytes that a protected packet is longer than its plaintext: 16 of tag for GCM, 10 for SHA1_80; SRTCP adds the
 * index word (RFC 3711 section 3.4). The larger of the two, for sizing buffers.
 */
export const MAX_SRTP_OVERHEAD = 20

/** Why `unprotectRtp` or `unprotectRtcp` dropped a packet: what they return, and the order of `SrtpInboundCounters`. */
export const SRTP_DROP = {
  /** Shorter than its headers and tag say, or not version 2. */
  malformed: -1,
  /** Authentication failed. */
  forged: -2,
  /** Seen before, or older than the replay window of 1024 packets. */
  replayed: -3,
} as const

/** Packets since the context was made. */
export interface SrtpInboundCounters {
  readonly rtpPackets: number
  readonly rtcpPackets: number
  readonly malformed: number
  readonly forged: number
  readonly replayed: number
}

/**
 * The receiving half of an SRTP session: both RTP and RTCP, for every SSRC of the peer (RFC 3711, RFC 7714).
 * An SSRC takes one of the 32 places only after a packet of it was authentic, and then the one unused for longest makes room.
 */
export interface SrtpInbound {
  /**
   * Decrypts the first `length` bytes of `packet` in place. Returns the plaintext's length, or one of `SRTP_DROP`, in
   * which case the bytes are to be thrown away.
   */
  unprotectRtp(packet: Uint8Array, length: number): number
  /** The same for a compound RTCP packet; the plaintext begins at offset 0 and has neither index nor tag. */
  unprotectRtcp(packet: Uint8Array, length: number): number
  counters(): SrtpInboundCounters
  /** Wipes the keys. Idempotent; afterwards everything is dropped as malformed. */
  close(): void
}

/**
 * The sending half, for peers in tests and for measuring. The server's own sending contexts belong to the `Egress`
 * alone: two contexts under one key would repeat nonces.
 */
export interface SrtpOutbound {
  /**
   * Encrypts the first `length` bytes of `packet` in place and appends the tag; `packet` must have room for
   * `MAX_SRTP_OVERHEAD` more. Returns the new length, or `SRTP_DROP.malformed`.
   */
  protectRtp(packet: Uint8Array, length: number): number
  protectRtcp(packet: Uint8Array, length: number): number
  close(): void
}

/** Makes SRTP contexts from the handles of the DTLS engine it belongs to. */
export interface SrtpEngine {
  createInbound(keys: SrtpKeys): SrtpInbound
}
