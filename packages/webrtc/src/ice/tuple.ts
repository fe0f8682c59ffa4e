import type { Micros } from '@crossroom/media'
import { FIRST_TCP_ADDRESS } from '../engine/udp-port.js'

/**
 * One way between a peer and this server, ICE's "tuple": a `UdpAddress` below `FIRST_TCP_ADDRESS`, and from there on the
 * number that the socket's owner gave to a TCP connection.
 */
export type PeerAddress = number

export function isTcp(address: PeerAddress): boolean {
  return address >= FIRST_TCP_ADDRESS
}

/** The agent's state of an address that has proved the password. */
export interface VerifiedTuple {
  readonly address: PeerAddress
  /** When its last good check arrived: consent lasts 30 s from here. */
  verifiedAt: Micros
  /** When anything authentic last arrived: a check, or media that decrypted. */
  heardAt: Micros
  /** The address receives our packets: it answered a check, or authentic media arrived from it. */
  isProved: boolean
}
