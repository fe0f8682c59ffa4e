import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { parseUrl } from './parse-url.js'
import { isLoopbackAddress } from '../config/index.js'

/** Whose pages may use this server besides our own. */
export interface PageRules {
  /** More origins; `*` is every one. */
  readonly allowed: readonly string[]
  /** The origin of the server's pages behind a proxy. */
  readonly publicUrl: string | undefined
  /**
   * Nothing is verified here, or every client gets a signature: the browser's statement about its page is the only
   * evidence.
   */
  readonly isOpen: boolean
  /** More host names that are ours, in lower case. */
  readonly names?: readonly string[]
}

/** Why a page gets nothing here. */
export interface PageRefusal {
  readonly code: 'ORIGIN' | 'HOST'
  readonly sentence: string
}

export const FOREIGN_PAGE: PageRefusal = {
  code: 'ORIGIN',
  sentence: 'Pages of this origin may not use this server: see --allow-origin.',
}

/** The origin that WeChat sends for a Mini Program. */
const MINI_PROGRAM = 'https://servicewechat.com'
const LOCAL_NAME = /^(localhost|[a-z0-9-]+\.localhost)$/
/**
 * Names of local networks, which cannot be registered in public (RFC 6762, RFC 8375, RFC 6761 and ICANN for
 * `internal`).
 */
const NETWORK_NAME = /^[^.]+$|\.(local|internal|home\.arpa|test)$/

/**
 * Whether a page may open a WebSocket here: browsers permit it for every page and send the Origin, so the server has
 * to check it (RFC 6455 section 10.2). Other programs send no Origin.
 */
export function isOriginAllowed(request: IncomingMessage, rules: PageRules): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  if (rules.allowed.includes('*') || rules.allowed.includes(origin) || origin === MINI_PROGRAM) return true
  const page = parseUrl(origin)
  if (page?.protocol !== 'http:' && page?.protocol !== 'https:') return false
  if (isLocalName(page.hostname)) return true
  if (rules.publicUrl !== undefined && page.host === new URL(rules.publicUrl).host) return true
  return page.host === host?.toLowerCase() && (!rules.isOpen || isOurName(page.hostname, rules))
}

/**
 * Whether the Host of the request belongs to this server. Open mode requires it; otherwise a foreign page whose name
 * resolves to this server (DNS rebinding) would count as its own. Old programs send no Host; browsers always do.
 */
export function isHostAllowed({ headers: { host } }: IncomingMessage, rules: PageRules): boolean {
  if (!rules.isOpen || host === undefined) return true
  const hostname = parseUrl(`http://${host}`)?.hostname
  return hostname !== undefined && isOurName(hostname, rules)
}

/** Both checks in open mode; otherwise a request needs a signature or a key, which foreign pages lack. */
export function refusePage(request: IncomingMessage, rules: PageRules): PageRefusal | undefined {
  if (!rules.isOpen) return undefined
  if (!isHostAllowed(request, rules))
    return { code: 'HOST', sentence: 'This server does not have the requested host name: see --public-url.' }
  if (isOriginAllowed(request, rules)) return undefined
  return FOREIGN_PAGE
}

/** An IP address, or a name that cannot be pointed here by registering it in public. */
function isOurName(hostname: string, { names = [] }: PageRules): boolean {
  return isAddress(hostname) || NETWORK_NAME.test(hostname) || isLocalName(hostname) || names.includes(hostname)
}

function isLocalName(hostname: string): boolean {
  return LOCAL_NAME.test(hostname) || (isAddress(hostname) && isLoopbackAddress(hostname.replace(/^\[|\]$/g, '')))
}

function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
