import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopbackAddress, parseUrl } from '../net/index.js'

/** Whose pages may open signaling besides our own. */
export interface OriginRules {
  /** More origins; `*` is every one. */
  readonly allowed: readonly string[]
  /** What our pages are reached by through a proxy. */
  readonly publicUrl: string | undefined
  /** Whoever reaches the server may enter, or gets a signature: a foreign name that was made to point here must not pass. */
  readonly isOpen: boolean
}

/** What WeChat sends for a Mini Program. */
const MINI_PROGRAM = 'https://servicewechat.com'
const LOCAL_NAME = /^(localhost|[a-z0-9-]+\.localhost)$/

/**
 * Whether a page may open a WebSocket here: browsers let every page do that and say whose it is, so the server has to look
 * (RFC 6455 section 10.2). Programs that are no browser send no Origin.
 */
export function isOriginAllowed(request: IncomingMessage, rules: OriginRules): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  if (rules.allowed.includes('*') || rules.allowed.includes(origin) || origin === MINI_PROGRAM) return true
  const page = parseUrl(origin)
  if (page?.protocol !== 'http:' && page?.protocol !== 'https:') return false
  if (isLocalName(page.hostname)) return true
  if (rules.publicUrl !== undefined && page.host === new URL(rules.publicUrl).host) return true
  return page.host === host?.toLowerCase() && (!rules.isOpen || isNobodysName(page.hostname))
}

/** An address, or a name of this network: nobody who registers a name in public can make it lead here. */
function isNobodysName(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || !hostname.includes('.') || hostname.endsWith('.local')
}

function isLocalName(hostname: string): boolean {
  return LOCAL_NAME.test(hostname) || isLoopbackAddress(hostname.replace(/^\[|\]$/g, ''))
}
