import type { ClientKind, RequestedRole } from '@crossroom/protocol'
import type { Identity } from '../../auth/index.js'
import type { EarlierMembership } from '../model/membership.js'
import type { AddressBook, MemberConnection } from '../view/member-connection.js'

/** A verified user who enters: the argument of `enter`. */
export interface EnterRequest {
  /** Canonical: a number is its decimal string. */
  readonly roomId: string
  readonly identity: Identity
  /** Display name; default: the user id. */
  readonly userName?: string | undefined
  /** Default: anchor when the identity may send something, else audience. */
  readonly role?: RequestedRole | undefined
  readonly client: { readonly kind: ClientKind; readonly version: string }
  /** IP address without a port. */
  readonly remoteAddress: string
  readonly connection: MemberConnection
  readonly addresses: AddressBook
  /** The same user's, on another node: this one goes on with its streams and addresses. */
  readonly earlier?: EarlierMembership | undefined
}
