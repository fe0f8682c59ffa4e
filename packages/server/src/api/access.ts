import type { FastifyReply, FastifyRequest } from 'fastify'
import { equalSecrets } from '../auth/index.js'
import type { FailureGuard } from '../auth/index.js'
import { isLoopbackAddress } from '../net/index.js'
import type { TrustedProxies } from '../net/index.js'
import { ApiError } from './errors.js'

/** Who may use the REST API. */
export interface AccessOptions {
  /** Without one only this machine is answered. */
  readonly apiKey: string | undefined
  readonly proxies: TrustedProxies
  readonly guard: FailureGuard
}

const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const
const LOCAL_HOST = /^(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * An `onRequest` hook that lets nobody in but the holder of the key, or without a key a program on this machine. Cookies
 * are never looked at, so a web page of somebody else cannot borrow anybody's rights.
 */
export function requireAccess(options: AccessOptions) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const address = options.proxies.clientAddress(request.raw)
    if (options.guard.isBlocked(address)) {
      await options.guard.holdBack()
      throw new ApiError(429, 'TOO_MANY_FAILURES', 'Too many wrong keys came from this address; try again in a minute.')
    }
    if (options.apiKey === undefined) {
      if (!isLocal(request, address, options.proxies))
        throw new ApiError(403, 'LOCAL_ONLY', 'Without --api-key the REST API answers on this machine only.')
      return
    }
    const given = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined) throw new ApiError(401, 'NO_KEY', 'Send the API key as Authorization: Bearer KEY.')
    if (equalSecrets(given, options.apiKey)) return
    options.guard.fail(address)
    throw new ApiError(401, 'WRONG_KEY', 'The API key is wrong.')
  }
}

/**
 * True for a program on this machine. A proxy on this machine makes the whole world look local, so its headers exclude
 * it unless it is trusted and names a local client; and a foreign page whose name was made to point here is known by its Host.
 */
function isLocal(request: FastifyRequest, address: string, proxies: TrustedProxies): boolean {
  const peer = request.raw.socket.remoteAddress ?? ''
  if (!isLoopbackAddress(peer) || !isLoopbackAddress(address)) return false
  if (FORWARDING_HEADERS.some((name) => name in request.headers) && !proxies.trusts(peer)) return false
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return LOCAL_HOST.test(request.headers.host ?? '')
}
