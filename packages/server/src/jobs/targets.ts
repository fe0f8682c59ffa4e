import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { AddressRanges, isPublicAddress } from '../net/index.js'

/** Resolves a host name to its addresses. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

/** Every network: for options that allow all private targets. */
export const EVERY_NETWORK = ['0.0.0.0/0', '::/0'] as const

export interface TargetsOptions {
  /** Private networks that may be reached, as CIDR ranges; a malformed one throws a sentence. */
  readonly allowed: readonly string[]
  /** The option that allows more, for the sentence of a refusal. */
  readonly option: string
  /** For tests; default: the system's resolver. */
  readonly resolve?: ResolveHost
}

/** The server may not connect to this host. */
export class TargetRefused extends Error {
  readonly code = 'BAD_TARGET'
}

/**
 * The hosts that the server may connect to on behalf of others: the public internet, and the private networks that the
 * operator allows. Names are judged by their addresses, and the caller connects to the address that was judged: a name
 * server cannot answer differently a moment later. Redirects and addresses inside playlists are asked about again.
 */
export class Targets {
  readonly #ranges: AddressRanges
  /** The one that allows more, for sentences. */
  readonly option: string
  readonly #resolve: ResolveHost

  constructor({ allowed, option, resolve = resolveBySystem }: TargetsOptions) {
    this.#ranges = new AddressRanges(allowed)
    this.option = option
    this.#resolve = resolve
  }

  /** Whether the server may connect to this IP address. */
  allows(address: string): boolean {
    return isPublicAddress(address) || this.#ranges.includes(address)
  }

  /**
   * The address to connect to for a host: an IP address (without brackets) or a name.
   * @throws TargetRefused when the host has no address, or one that is not allowed
   */
  async addressOf(host: string): Promise<string> {
    const addresses = await this.#addressesOf(host)
    // One private address among public ones is how name servers lead a server inside: all must be allowed.
    if (!addresses.every((address) => this.allows(address)))
      throw new TargetRefused(`The target leads into a private network; ${this.option} allows that.`)
    return addresses.find((address) => isIP(address) === 4) ?? addresses[0]!
  }

  async #addressesOf(host: string): Promise<readonly string[]> {
    const isLiteral = /^[\d.]+$/.test(host) || host.includes(':')
    if (isLiteral && isIP(host) === 0) throw new TargetRefused('The target is no usable IP address.')
    if (isLiteral) return [host]
    const addresses = await this.#resolve(host).catch(() => [])
    if (addresses.length === 0) throw new TargetRefused(`The name ${host} has no address.`)
    return addresses
  }
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map((found) => found.address)
}
