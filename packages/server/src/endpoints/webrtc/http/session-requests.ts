import type { FastifyRequest } from 'fastify'
import type { StreamRequest } from '../../../auth/index.js'

/** A request that is answered with a status and one sentence. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, sentence: string, headers: Readonly<Record<string, string>> = {}) {
    super(sentence)
    this.name = 'HttpRefusal'
    this.status = status
    this.headers = headers
  }
}

/** A refusal of the gate as HTTP says it. */
export function refusalOf(httpStatus: number, sentence: string): HttpRefusal {
  const headers = { 401: { 'WWW-Authenticate': 'Bearer' }, 503: { 'Retry-After': '5' } }[httpStatus] ?? {}
  return new HttpRefusal(httpStatus, sentence, headers)
}

export type SessionProtocol = 'whip' | 'whep'

export interface SessionParams {
  readonly app: string
  readonly stream: string
}

export function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** What the gate is asked about a POST. */
export function streamRequestOf(
  request: FastifyRequest<{ Params: SessionParams }>,
  protocol: SessionProtocol,
  who: { readonly remoteAddress: string; readonly connectionId: string },
): StreamRequest {
  const { app, stream } = request.params
  return {
    action: protocol === 'whip' ? 'publish' : 'play',
    ...{ protocol, app, stream, ...who },
    query: new Map(Object.entries(request.query as Record<string, string>)),
    bearer: bearerOf(request),
    ignoresTxSecret: true,
  }
}
