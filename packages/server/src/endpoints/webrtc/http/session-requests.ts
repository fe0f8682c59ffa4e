import type { FastifyRequest } from 'fastify'
import { rtcLimits } from '../../../config/index.js'
import { addressGroup, isLoopbackAddress } from '../../../net/index.js'
import type { StreamAction, StreamRequest } from '../../../auth/index.js'
import { bearerOf, HttpRefusal, type SessionParams } from './routes.js'
import type { RtcSessions } from './sessions.js'

/** What the gate is asked about a POST. */
export function streamRequestOf(
  request: FastifyRequest,
  params: SessionParams,
  action: StreamAction,
  who: { readonly remoteAddress: string; readonly connectionId: string },
): StreamRequest {
  return {
    action,
    protocol: action === 'publish' ? 'whip' : 'whep',
    app: params.app,
    stream: params.stream,
    query: new Map(Object.entries(request.query as Record<string, string>)),
    bearer: bearerOf(request),
    ignoresTxSecret: true,
    ...who,
  }
}

/** A refusal of the gate as HTTP says it. */
export function refusalOf(httpStatus: number, sentence: string): HttpRefusal {
  const headers = { 401: { 'WWW-Authenticate': 'Bearer' }, 503: { 'Retry-After': '5' } }[httpStatus] ?? {}
  return new HttpRefusal(httpStatus, sentence, headers)
}

/**
 * Limits unconnected sessions, in total and per address; tokens do not count, because anyone can invent one. Returns
 * the owner that a new session counts for. Loopback, which may be a proxy, gets half of the places, so that it never
 * has all.
 */
export function checkPending(sessions: RtcSessions, remoteAddress: string): string {
  const owner = addressGroup(remoteAddress)
  const busy = 'sessions are connecting; try again in a moment.'
  if (sessions.pending() >= rtcLimits.pendingSessions)
    throw new HttpRefusal(503, `Too many ${busy}`, { 'Retry-After': '2' })
  const own = isLoopbackAddress(remoteAddress) ? rtcLimits.pendingSessions / 2 : rtcLimits.pendingPerPeer
  if (sessions.pending(owner) >= own) throw new HttpRefusal(429, `Too many of your ${busy}`, { 'Retry-After': '2' })
  return owner
}
