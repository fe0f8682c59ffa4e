import { parseRtmpUrl } from '@crossroom/rtmp'
import { EVERY_NETWORK, TargetRefused, Targets, type ResolveHost } from '../jobs/index.js'
import { parseUrl } from '../net/index.js'
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
  const targets = new Targets({
    ...{ allowed: options.allowPrivate ? EVERY_NETWORK : [], option: '--forward-private' },
    ...(options.resolve !== undefined && { resolve: options.resolve }),
  })
  const address = await targets.addressOf(host).catch((error: unknown) => {
    throw error instanceof TargetRefused ? refused(error.message) : error
  })
  const tls = url.protocol === 'rtmps:'
  return { url: text, tls, host, address, port, path: `${url.pathname.slice(1)}${url.search}` }
}

function refused(message: string): ApiError {
  return new ApiError(400, 'BAD_TARGET', message)
}
