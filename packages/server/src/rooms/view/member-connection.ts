import type {
  CloseReason,
  MemberKind,
  NotificationMethod,
  NotificationParams,
  PlayAddresses,
} from '@crossroom/protocol'

/**
 * The socket of one participant, as rooms see it; signaling implements it. Neither method throws, and neither calls back
 * into the rooms before it returns.
 */
export interface MemberConnection {
  /**
   * Sends a notification. The same `params` object goes to many connections in a row, so that it is serialized once; it
   * must not be changed.
   */
  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void
  /**
   * Ends the socket, after `room.closed` with this reason. `resumed` says nothing: the same client is here already by
   * another socket.
   */
  close(reason: CloseReason | 'resumed', extra?: { readonly retryAfterMs?: number }): void
}

/** Writes the addresses of one participant, with the origin of its connection. */
export interface AddressBook {
  /** Origin of the server's pages: `https://HOST[:PORT]`. */
  readonly page: string
  play(token: string): PlayAddresses
  /** RTMP. */
  push(token: string): string
  /** The same with plain RTMP; absent if it is plain already. */
  readonly plainRtmp?: AddressBook | undefined
}

/** The addresses as this kind of client can use them: no document says that WeChat's pusher and player speak RTMPS. */
export function addressesFor(kind: MemberKind, addresses: AddressBook): AddressBook {
  return kind === 'miniprogram' ? (addresses.plainRtmp ?? addresses) : addresses
}
