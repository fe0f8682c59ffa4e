import { isStun, isStunAnswer, readLocalFragment } from '../stun/parse.js'
import type { PeerAddress } from './tuple.js'

/**
 * Who a datagram on the shared port belongs to. Checks are found by the fragment they are addressed to; everything else by
 * the address it comes from, which must have been verified before. The session tells which fragments and addresses are its own.
 */
export class IceDemux<Session> {
  readonly #byFragment = new Map<string, Session>()
  readonly #byAddress = new Map<PeerAddress, Session>()

  /** Counts datagrams that belong to nobody. */
  strangers = 0

  get sessions(): number {
    return new Set(this.#byFragment.values()).size
  }

  /** Makes a fragment known. False when another session has it: make new credentials then. */
  addFragment(usernameFragment: string, session: Session): boolean {
    const holder = this.#byFragment.get(usernameFragment)
    if (holder !== undefined && holder !== session) return false
    this.#byFragment.set(usernameFragment, session)
    return true
  }

  removeFragment(usernameFragment: string): void {
    this.#byFragment.delete(usernameFragment)
  }

  /** On the event `verified`. The last session to verify an address owns it: a NAT may hand a port to another browser. */
  addAddress(address: PeerAddress, session: Session): void {
    this.#byAddress.set(address, session)
  }

  /** On the event `dropped`. One that another session has taken over stays with it. */
  removeAddress(address: PeerAddress, session: Session): void {
    if (this.#byAddress.get(address) === session) this.#byAddress.delete(address)
  }

  /** Forgets a session altogether. */
  removeSession(session: Session): void {
    for (const [fragment, holder] of this.#byFragment) if (holder === session) this.#byFragment.delete(fragment)
    for (const [address, holder] of this.#byAddress) if (holder === session) this.#byAddress.delete(address)
  }

  /** Whether an address is this session's at present. */
  isOf(address: PeerAddress, session: Session): boolean {
    return this.#byAddress.get(address) === session
  }

  /** The session that media from an address is for; undefined, and counted, when it is nobody's. */
  find(address: PeerAddress): Session | undefined {
    const session = this.#byAddress.get(address)
    if (session === undefined) this.strangers++
    return session
  }

  /** The session a datagram is for, or undefined: then drop it without an answer. */
  route(address: PeerAddress, bytes: Uint8Array): Session | undefined {
    if (!isStun(bytes)) return this.find(address)
    const fragment = readLocalFragment(bytes)
    // An answer to a check of ours names nobody: it comes from where the check went.
    const session = fragment === undefined ? this.#ofAnswer(address, bytes) : this.#byFragment.get(fragment)
    if (session === undefined) this.strangers++
    return session
  }

  #ofAnswer(address: PeerAddress, bytes: Uint8Array): Session | undefined {
    return isStunAnswer(bytes) ? this.#byAddress.get(address) : undefined
  }
}
