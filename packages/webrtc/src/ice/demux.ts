import { isStun, isStunAnswer, readLocalFragment } from '../stun/parse.js'
import type { PeerAddress } from './tuple.js'

/**
 * Assigns datagrams on the shared port to sessions. Checks are matched by their username fragment, everything else by
 * its verified source address. Sessions register their fragments and addresses.
 */
export class IceDemux<Session> {
  readonly #byFragment = new Map<string, Session>()
  readonly #byAddress = new Map<PeerAddress, Session>()

  /** Counts datagrams without a session. */
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

  /** For the event `dropped`. An address that another session has taken over stays with that session. */
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

  /** The session for media from an address; undefined, and counted, if there is none. */
  find(address: PeerAddress): Session | undefined {
    const session = this.#byAddress.get(address)
    if (session === undefined) this.strangers++
    return session
  }

  /** The session a datagram is for, or undefined: then drop it without an answer. */
  route(address: PeerAddress, bytes: Uint8Array): Session | undefined {
    if (!isStun(bytes)) return this.find(address)
    const fragment = readLocalFragment(bytes)
    // A response to one of our checks has no username: it comes from the checked address.
    const session = fragment === undefined ? this.#ofAnswer(address, bytes) : this.#byFragment.get(fragment)
    if (session === undefined) this.strangers++
    return session
  }

  #ofAnswer(address: PeerAddress, bytes: Uint8Array): Session | undefined {
    return isStunAnswer(bytes) ? this.#byAddress.get(address) : undefined
  }
}
