import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { parseRtmpUrl } from '@crossroom/rtmp'
import { isPublicAddress, parseUrl } from '../net/index.js'
import { ApiError } from './errors.js'

/**
 * The target of a forward. The name was resolved once: connections must use `address`, or a name server could redirect
 * them into the private network.
 */
export interface ForwardTarget {
  /** As configured, with its secrets. */
  readonly url: string
  readonly tls: boolean
  /** For the RTMP tcUrl and the TLS server name. */
  readonly host: string
  /** The IP address to connect to. */
  readonly address: string
  readonly port: number
  /** Path and query after the first slash: the app, the stream name and the rest. */
  readonly path: string
}

/** Resolves a host name to its addresses. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtmp:': 1935, 'rtmps:': 443 }
/** Ports below this belong to other services (mail, databases, SSH); RTMP lives on these two of them. */
const FIRST_FREE_PORT = 1024
const LOW_PORTS = new Set([80, 443])

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
