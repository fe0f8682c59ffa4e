import type { FastifyRequest } from 'fastify'
import { rtcLimits } from '../../config/index.js'
import { isLoopbackAddress } from '../../net/index.js'
import type { StreamAction, StreamRequest } from '../../auth/index.js'
import { bearerOf, HttpRefusal, type SessionParams } from './http.js'
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
    ...who,
  }
}

/** A refusal of the gate as HTTP says it. */
export function refusalOf(httpStatus: number, sentence: string): HttpRefusal {
  return new HttpRefusal(httpStatus, sentence, httpStatus === 401 ? { 'WWW-Authenticate': 'Bearer' } : {})
}

/** Sessions that do not connect are bounded, in all and by client. Answers whom a new one is counted for. */
export function checkPending(sessions: RtcSessions, request: FastifyRequest, remoteAddress: string): string {
  const owner = bearerOf(request) ?? remoteAddress
  const busy = 'sessions are connecting; try again in a moment.'
  if (sessions.pending() >= rtcLimits.pendingSessions)
    throw new HttpRefusal(503, `Too many ${busy}`, { 'Retry-After': '2' })
  if (!isLoopbackAddress(remoteAddress) && sessions.pending(owner) >= rtcLimits.pendingPerPeer)
    throw new HttpRefusal(429, `Too many of your ${busy}`, { 'Retry-After': '2' })
  return owner
}
