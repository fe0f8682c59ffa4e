import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { parseRtmpUrl } from '@crossroom/rtmp'
import { parseUrl } from '../net/index.js'
import { ApiError } from './errors.js'

/** Where a forward goes. The name was resolved once: whoever connects must use `address`, or a name server could lead it inside. */
export interface ForwardTarget {
  /** As it was given, with its secrets. */
  readonly url: string
  readonly tls: boolean
  /** For the RTMP tcUrl and the TLS server name. */
  readonly host: string
  /** The IP address to connect to. */
  readonly address: string
  readonly port: number
  /** Path and query behind the first slash: the app, the stream name and what follows. */
  readonly path: string
}

/** Resolves a host name to its addresses. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtmp:': 1935, 'rtmps:': 443 }
/** Ports below this belong to other services (mail, databases, SSH); RTMP lives on these two of them. */
const FIRST_FREE_PORT = 1024
const LOW_PORTS = new Set([80, 443])

/**
 * RFC 6890 and its registries: this network, private, shared, loopback, link-local, protocol assignments, documentation,
 * benchmarking, multicast, reserved. Of IPv6 all but global unicast, and inside it what carries IPv4 or documents.
 */
const NOT_PUBLIC = `
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
  192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
  ::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3fff::/20`

// Two lists, because Node matches IPv4 addresses against IPv6 ranges as `::ffff:0:0/96`.
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const range of NOT_PUBLIC.trim().split(/\s+/)) {
  const [network = '', prefix] = range.split('/')
  const family = network.includes(':') ? 'ipv6' : 'ipv4'
  notPublic[family].addSubnet(network, Number(prefix), family)
}

/** Whether an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  return !notPublic[family].check(address, family)
}

/**
 * Checks and resolves the target of a forward rule.
 * @throws ApiError when the address cannot be used, or leads into a private network and that is not allowed
 */
export async function resolveForwardTarget(
  text: string,
  options: { readonly allowPrivate: boolean; readonly resolve?: ResolveHost },
): Promise<ForwardTarget> {
  const url = parseUrl(text)
  const defaultPort = url === undefined ? undefined : DEFAULT_PORTS[url.protocol]
  if (url === undefined || defaultPort === undefined || url.hostname === '' || parseRtmpUrl(text) === undefined)
    throw refused('The target must be rtmp://HOST[:PORT]/APP/STREAM or rtmps://….')
  if (url.username !== '' || url.password !== '')
    throw refused('A user and password in the address are not sent; put a token into the query.')
  const port = url.port === '' ? defaultPort : Number(url.port)
  if (!options.allowPrivate && port < FIRST_FREE_PORT && !LOW_PORTS.has(port))
    throw refused(`Port ${String(port)} belongs to another service; allowed are 80, 443 and 1024 to 65535.`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = await resolveAll(host, options.resolve ?? resolveBySystem)
  // One private address among public ones is how name servers lead a server inside: all must be public.
  if (!options.allowPrivate && !addresses.every(isPublicAddress))
    throw refused('The target leads into a private network; --forward-private allows that.')
  const tls = url.protocol === 'rtmps:'
  return { url: text, tls, host, address: addresses[0]!, port, path: `${url.pathname.slice(1)}${url.search}` }
}

async function resolveAll(host: string, resolve: ResolveHost): Promise<readonly string[]> {
  const literal = /^[\d.]+$/.test(host) || host.includes(':')
  if (literal && isIP(host) === 0) throw refused('The target is no usable IP address.')
  if (literal) return [host]
  const addresses = await resolve(host).catch(() => [])
  if (addresses.length === 0) throw refused(`The name ${host} has no address.`)
  return addresses
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map((found) => found.address)
}

function refused(message: string): ApiError {
  return new ApiError(400, 'BAD_TARGET', message)
}
