import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { AddressRanges, plainAddress } from './address-ranges.js'

/** The addresses of proxies whose forwarding headers are believed. */
export class TrustedProxies {
  readonly #ranges: AddressRanges

  /** `ranges` are addresses or CIDR ranges; a malformed one throws a sentence. */
  constructor(ranges: readonly string[]) {
    this.#ranges = new AddressRanges(ranges)
  }

  trusts(address: string): boolean {
    return this.#ranges.includes(address)
  }

  /** The client's address: the last one in X-Forwarded-For that is not a trusted proxy itself. */
  clientAddress(request: IncomingMessage): string {
    let address = plainAddress(request.socket.remoteAddress ?? '')
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined || !this.trusts(address)) return address
    const hops = String(forwarded).split(',')
    for (let i = hops.length - 1; i >= 0; i--) {
      const hop = plainAddress(hops[i]!.trim())
      if (isIP(hop) === 0) break
      address = hop
      if (!this.trusts(hop)) break
    }
    return address
  }
}
