import type { Machine, Micros } from '@crossroom/media'
import type { SrtpKeys, SrtpProfile } from './srtp.js'

/** A certificate fingerprint as `a=fingerprint` writes it (RFC 8122 section 5). */
export interface CertificateFingerprint {
  /** Hash name of the SDP attribute. Only `sha-256` is computed; a peer that offers nothing else is refused. */
  readonly algorithm: string
  /** Upper-case hex bytes with colons between them: `AA:BB:…`. Compared without regard to case. */
  readonly value: string
}

/** `server` waits for the ClientHello (`a=setup:passive`), `client` sends it (`a=setup:active`). RFC 5763 section 5. */
export type DtlsRole = 'server' | 'client'

export interface DtlsSessionOptions {
  readonly role: DtlsRole
  /** The fingerprint from the peer's SDP. The peer's certificate must match it before any key is exported. */
  readonly remoteFingerprint: CertificateFingerprint
}

/**
 * Why a handshake ended without keys. Forged or broken datagrams are none of these: they are dropped, and the handshake
 * goes on until it succeeds or its time is over.
 */
export type DtlsFailure =
  /** The peer's certificate is not the one of its SDP. */
  | 'fingerprint-mismatch'
  /** The peer's SDP names a hash that is not sha-256. */
  | 'unsupported-fingerprint'
  /** The peer agreed to neither of the two SRTP profiles. */
  | 'no-srtp-profile'
  /** No handshake within 10 s. */
  | 'timeout'
  /** The handshake broke more often than a forger can be the reason for. */
  | 'protocol'

export type DtlsEvent =
  | { readonly kind: 'connected'; readonly profile: SrtpProfile; readonly keys: SrtpKeys }
  | { readonly kind: 'failed'; readonly reason: DtlsFailure }
  /** The peer said goodbye (close_notify) under the negotiated keys. */
  | { readonly kind: 'closed' }

/**
 * One DTLS 1.2 association (RFC 6347, RFC 5764): datagrams in, datagrams of at most 1200 bytes out.
 * The first `poll` starts a client's handshake. The caller hands in only datagrams whose source ICE has verified.
 */
export interface DtlsSession extends Machine<Uint8Array, Uint8Array, DtlsEvent> {
  /** Queues a close_notify when connected (poll once more), then releases the session. Idempotent. */
  close(now: Micros): void
}

/** Makes DTLS sessions under one self-signed ECDSA P-256 certificate that lives as long as the engine. */
export interface DtlsEngine {
  readonly fingerprint: CertificateFingerprint
  createSession(options: DtlsSessionOptions): DtlsSession
  /** Releases the certificate; open sessions keep what they need. Idempotent. */
  close(): void
}
