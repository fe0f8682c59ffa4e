import type { Identity } from './identity.js'

/** Credentials for entering a room, from any door. Unverified. */
export interface EntryCredentials {
  /** The Tencent-style application the signature was made for; absent with a JWT and in open mode. */
  readonly sdkAppId?: number | undefined
  /** Canonical: a number is its decimal string. */
  readonly roomId: string
  /** May be absent if a JWT names its subject, which is then the user. */
  readonly userId?: string | undefined
  /** A UserSig or a JWT; may be absent in open mode. */
  readonly userSig?: string | undefined
  readonly privateMapKey?: string | undefined
  /** IP address without a port: wrong signatures are counted by it. */
  readonly remoteAddress: string
}

/** Credentials without a room. */
export type UserCredentials = Omit<EntryCredentials, 'roomId' | 'privateMapKey'>

/** Why an entry is refused: a code of the protocol's error table and a sentence that repeats no secret. */
export interface EntryRefusal {
  readonly code: string
  readonly sentence: string
}

/** Verifies users. Signaling and the room gate use it before a user becomes a member. */
export interface EntryVerifier {
  /** For an entry; consumes a one-time token. Never rejects: a failure becomes an {@link EntryRefusal}. */
  verify(credentials: EntryCredentials): Promise<Identity | EntryRefusal>
  /**
   * The answer of `verify` without consuming anything, for requests of credentials for a later entry. Never rejects.
   */
  check(credentials: EntryCredentials): Promise<Identity | EntryRefusal>
  /**
   * Verifies who a user is, for what concerns no room (calls) and for rooms whose members the server itself decides on: a
   * privateMapKey is not asked for, and the room of a token is not looked at. Consumes nothing. Never rejects.
   */
  identify(credentials: UserCredentials): Promise<Identity | EntryRefusal>
}
