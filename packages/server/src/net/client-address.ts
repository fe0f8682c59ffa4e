import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** The addresses of proxies whose forwarding headers are believed. */
export class TrustedProxies {
  readonly #list = new BlockList()
  readonly #empty: boolean

  /** `ranges` are addresses or CIDR ranges; a malformed one throws a sentence. */
  constructor(ranges: readonly string[]) {
    this.#empty = ranges.length === 0
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/')
      const family = isIP(address)
      if (family === 0) throw new Error(`"${range}" is no IP address or CIDR range.`)
      const type = family === 4 ? 'ipv4' : 'ipv6'
      if (prefix === undefined) this.#list.addAddress(address, type)
      else this.#list.addSubnet(address, Number(prefix), type)
    }
  }

  trusts(address: string): boolean {
    if (this.#empty) return false
    const plain = plainAddress(address)
    return this.#list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
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

/** An IPv4 address that came in over an IPv6 socket, in its own form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}
