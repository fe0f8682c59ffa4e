import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { equalSecrets } from '../auth/index.js'
import type { FailureGuard, Ring } from '../auth/index.js'
import { isHostAllowed } from '../net/index.js'
import type { TrustedProxies } from '../net/index.js'
import type { Audit } from '../observe/index.js'
import { ApiError } from './errors.js'

/** Access to REST on one listener. Requests prove nothing: the operator defines the kind of the listener. */
export interface AccessOptions {
  readonly apiKeys: () => Ring
  readonly proxies: TrustedProxies
  readonly guard: FailureGuard
  readonly audit: Audit
  /** Its name in the audit. */
  readonly listener: string
  /** True for a listener configured as private and reachable only from this machine: it requires no key. */
  readonly isPrivate: () => boolean
  /** Open mode and `--demo`: the server's pages use {@link PAGE_ROUTES} without a key. */
  readonly servesPages: boolean
}

/** All of REST that needs no key on the public port, in open mode and with `--demo`; the page `/live` lists streams. */
export const PAGE_ROUTES: ReadonlySet<string> = new Set(['GET /api/v1/streams', 'HEAD /api/v1/streams'])

const ANY_HOST_OF_OURS = { allowed: [], publicUrl: undefined, isOpen: true }
const forPages = new WeakSet<FastifyRequest>()
/** The sender of an admitted request: the fingerprint of a key, or a private listener. */
const senders = new WeakMap<FastifyRequest, string>()
/** Fields of a body that describe the change for the audit log. Other fields may contain secrets. */
const TOLD = ['userId', 'stream', 'streamType', 'action', 'kind', 'muted', 'permissions', 'expireSeconds'] as const
const FINGERPRINT_CHARS = 8

/** Whether a request was admitted as one of the server's own pages: it gets only public data. */
export function isForPages(request: FastifyRequest): boolean {
  return forPages.has(request)
}

/** An `onRequest` hook that admits only requests with the key. It ignores cookies. */
export function requireAccess(options: AccessOptions) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    if (options.isPrivate()) {
      refuseForeignPage(request)
      senders.set(request, options.listener)
      return
    }
    const { authorization } = request.headers
    if (options.servesPages && authorization === undefined && PAGE_ROUTES.has(routeOf(request))) {
      forPages.add(request)
      return
    }
    senders.set(request, await requireKey(request, options))
  }
}

/** An `onResponse` hook that audits every action: changes, and issued credentials. */
export function auditActs({ audit, proxies }: AccessOptions) {
  return (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const who = senders.get(request)
    if (who === undefined || request.method === 'GET' || request.method === 'HEAD') return Promise.resolve()
    const body = typeof request.body === 'object' && request.body !== null ? request.body : {}
    const told = Object.entries(body).filter(([name]) => (TOLD as readonly string[]).includes(name))
    const on = { ...(request.params as object), ...Object.fromEntries(told) }
    audit.acted({ what: routeOf(request), who, from: proxies.clientAddress(request.raw), status: reply.statusCode, on })
    return Promise.resolve()
  }
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? 'no route'}`
}

/** Answers the fingerprint of the key. */
async function requireKey(request: FastifyRequest, options: AccessOptions): Promise<string> {
  const { apiKeys, audit, guard, proxies } = options
  const from = proxies.clientAddress(request.raw)
  const refused = (code: string): void => audit.refused({ what: routeOf(request), from, code })
  if (guard.isBlocked(from)) {
    await guard.holdBack(from)
    refused('TOO_MANY_FAILURES')
    throw new ApiError(429, 'TOO_MANY_FAILURES', 'Too many wrong keys from this address. Try again in a minute.')
  }
  const given = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given === undefined)
    throw new ApiError(
      401,
      'NO_KEY',
      'Send the API key as Authorization: Bearer KEY; the server prints the path of the key file at its start.',
    )
  // Each is compared, so that the time does not tell which one it is.
  const [found] = apiKeys().filter((key) => equalSecrets(given, key))
  if (found !== undefined) return `key ${createHash('sha256').update(found).digest('hex').slice(0, FINGERPRINT_CHARS)}`
  guard.fail(from)
  refused('WRONG_KEY')
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
