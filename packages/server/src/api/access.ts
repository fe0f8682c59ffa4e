import type { FastifyReply, FastifyRequest } from 'fastify'
import { equalSecrets } from '../auth/index.js'
import type { FailureGuard, Ring } from '../auth/index.js'
import { isHostAllowed } from '../net/index.js'
import type { TrustedProxies } from '../net/index.js'
import { ApiError } from './errors.js'

/** Who may use REST by one listener. Nothing is inferred from a request: what a listener is, the operator said. */
export interface AccessOptions {
  readonly apiKeys: () => Ring
  readonly proxies: TrustedProxies
  readonly guard: FailureGuard
  /** True for a listener that only this machine reaches and that was asked for as such: no key is needed there. */
  readonly isPrivate: () => boolean
  /** Open mode and `--demo`: our pages use what {@link PAGE_ROUTES} names without a key. */
  readonly servesPages: boolean
}

/** All of REST that needs no key on the public port, in open mode and with `--demo`; the page `/live` lists streams. */
export const PAGE_ROUTES: ReadonlySet<string> = new Set(['GET /api/v1/streams', 'HEAD /api/v1/streams'])

const ANY_HOST_OF_OURS = { allowed: [], publicUrl: undefined, isOpen: true }
const forPages = new WeakSet<FastifyRequest>()

/** Whether a request was let in as one of a page of ours: it gets what everybody may know. */
export function isForPages(request: FastifyRequest): boolean {
  return forPages.has(request)
}

/** An `onRequest` hook that lets nobody in but the holder of the key. Cookies are never looked at. */
export function requireAccess(options: AccessOptions) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    if (options.isPrivate()) {
      refuseForeignPage(request)
      return
    }
    const { authorization } = request.headers
    const route = `${request.method} ${request.routeOptions.url ?? ''}`
    if (options.servesPages && authorization === undefined && PAGE_ROUTES.has(route)) {
      forPages.add(request)
      return
    }
    await requireKey(authorization, options.proxies.clientAddress(request.raw), options)
  }
}

async function requireKey(
  authorization: string | undefined,
  address: string,
  { apiKeys, guard }: AccessOptions,
): Promise<void> {
  if (guard.isBlocked(address)) {
    await guard.holdBack(address)
    throw new ApiError(429, 'TOO_MANY_FAILURES', 'Too many wrong keys came from this address. Try again in a minute.')
  }
  const given = /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined)
    throw new ApiError(
      401,
      'NO_KEY',
      'Send the API key as Authorization: Bearer KEY; the server says at its start where the key is kept.',
    )
  // Each is compared, so that the time does not tell which one it is.
  if (apiKeys().filter((key) => equalSecrets(given, key)).length > 0) return
  guard.fail(address)
  throw new ApiError(401, 'WRONG_KEY', 'The API key is wrong.')
}

/** A browser on this machine reaches a private listener, and so does every page in it; a rebound name is known by its Host. */
function refuseForeignPage(request: FastifyRequest): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  const isForeign = origin !== undefined && origin !== `http://${host ?? ''}`
  const isElsewhere = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (isForeign || isElsewhere || !isHostAllowed(request.raw, ANY_HOST_OF_OURS))
    throw new ApiError(403, 'FOREIGN_PAGE', 'Pages of other sites may not use this listener.')
}
