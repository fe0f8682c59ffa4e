import type { IpEndpoint } from './address.js'

/** HMAC-SHA-1 of `data` under `key`: 20 bytes. Synchronous, because the machines' verbs are. */
export type HmacSha1 = (key: Uint8Array, data: Uint8Array) => Uint8Array

/** RFC 8489 section 5; the only method ICE uses is Binding. */
export type StunClass = 'request' | 'indication' | 'success' | 'error'

/** A Binding message that passed its fingerprint. Its integrity is checked apart, with `hasValidIntegrity`. */
export interface StunMessage {
  readonly class: StunClass
  /** 12 bytes. */
  readonly transactionId: Uint8Array
  /** USERNAME as text; for a check that arrives here it is `ourFragment:theirFragment` (RFC 8445 section 7.2.2). */
  readonly username?: string
  readonly priority?: number
  readonly useCandidate: boolean
  /** The role the sender believes to have, by which attribute it put in. */
  readonly role?: 'controlling' | 'controlled'
  readonly mappedAddress?: IpEndpoint
  /** 300 to 699, in error responses. */
  readonly errorCode?: number
  /** Attributes that must be understood and are not: the request is answered with 420. */
  readonly unknownAttributes: readonly number[]
  /** Offset of the MESSAGE-INTEGRITY attribute, undefined when there is none. */
  readonly integrityOffset?: number
  /** The whole message, a view of the caller's bytes. */
  readonly bytes: Uint8Array
}
