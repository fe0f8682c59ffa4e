import { BlockList, isIP } from 'node:net'

/** Addresses and CIDR ranges of both families. */
export class AddressRanges {
  readonly #list = new BlockList()
  readonly #isEmpty: boolean

  /** A malformed range throws a sentence. */
  constructor(ranges: readonly string[]) {
    this.#isEmpty = ranges.length === 0
    for (const range of ranges) this.#add(range)
  }

  /** Whether the address lies in one of them. An IPv4 address within IPv6 counts as itself. */
  includes(address: string): boolean {
    const plain = plainAddress(address)
    const family = isIP(plain)
    if (this.#isEmpty || family === 0 || plain.includes('%')) return false
    return this.#list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }

  #add(range: string): void {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address)
    const bits = prefix === undefined ? 0 : Number(prefix)
    if (family === 0 || !(bits <= (family === 4 ? 32 : 128)))
      throw new Error(`"${range}" is no IP address or CIDR range.`)
    const type = family === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) this.#list.addAddress(address, type)
    else this.#list.addSubnet(address, bits, type)
  }
}

/** An IPv4 address that came in over an IPv6 socket, in its own form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}
