import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseTrickleFragment, SdpError, writeTrickleFragment } from '@crossroom/webrtc'
import { httpLimits } from '../../../config/index.js'
import type { Audit } from '../../../observe/index.js'
import type { RtcGateway } from '../port/index.js'
import type { RtcSession, RtcSessions } from './sessions.js'

const SDP = 'application/sdp'
const FRAGMENT = 'application/trickle-ice-sdpfrag'

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'OPTIONS, POST, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, If-Match',
  'Access-Control-Expose-Headers': 'Location, ETag, Link, Accept-Patch',
  'Access-Control-Max-Age': '86400',
  'Cache-Control': 'no-store',
} as const

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

export interface SessionParams {
  readonly app: string
  readonly stream: string
}

/** The common part of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): everything except the direction of the media. */
export interface SessionRoutes {
  /** `whep` or `whip`. */
  readonly prefix: string
  readonly gateway: RtcGateway
  readonly sessions: RtcSessions
  /** Makes a session from an offer; throws HttpRefusal or SdpError. */
  open(request: FastifyRequest, params: SessionParams, offer: string): Promise<OpenedSession>
  /** `Link` headers that name ICE servers. */
  links(isKnown: boolean): string[]
  readonly audit: Audit
  clientAddress(request: FastifyRequest): string
}

export interface OpenedSession {
  readonly session: RtcSession
  readonly answer: string
  /** By whose leave it was opened: a room's, a token's or a hook's, and not everybody's. */
  readonly isKnown: boolean
}

/** Adds the routes of one direction to a scope of the web server. */
export function registerSessionRoutes(app: FastifyInstance, routes: SessionRoutes): Promise<void> {
  return app.register(
    (scope, _options, done) => {
      const asText = { parseAs: 'string' as const, bodyLimit: httpLimits.sdpBytes }
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser([SDP, FRAGMENT], asText, (_request, body, parsed) => parsed(null, body))
      scope.addContentTypeParser('*', asText, (_request, _body, parsed) => parsed(null, undefined))
      scope.addHook('onRequest', (_request, reply, next) => {
        reply.headers(CORS)
        next()
      })
      scope.setErrorHandler((error, _request, reply) => answerError(error, reply))
      const refuse = (allowed: string, accept: Record<string, string>) => (request: FastifyRequest) => {
        const sentence = `${request.method} is not for this address; it takes ${allowed}.`
        throw new HttpRefusal(405, sentence, { Allow: allowed, ...accept })
      }
      for (const [path, allowed, accept] of [
        ['/:app/:stream', 'OPTIONS, POST', { 'Accept-Post': SDP }],
        ['/:app/:stream/:session', 'OPTIONS, PATCH, DELETE', { 'Accept-Patch': FRAGMENT }],
      ] as const) {
        const taken = new Set(allowed.split(', '))
        const method = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'].filter((one) => !taken.has(one))
        scope.route({ method, url: path, exposeHeadRoute: false, handler: refuse(allowed, accept) })
      }
      scope.options('/:app/:stream', (_request, reply) =>
        reply.headers({ 'Accept-Post': SDP, Allow: 'OPTIONS, POST' }).status(204).send(),
      )
      scope.options('/:app/:stream/:session', (_request, reply) =>
        reply.headers({ 'Accept-Patch': FRAGMENT, Allow: 'OPTIONS, PATCH, DELETE' }).status(204).send(),
      )
      scope.post<{ Params: SessionParams }>('/:app/:stream', (request, reply) => open(routes, request, reply))
      scope.patch<{ Params: { session: string } }>('/:app/:stream/:session', (request, reply) =>
        patch(routes, find(routes, request), request, reply),
      )
      scope.delete<{ Params: { session: string } }>('/:app/:stream/:session', (request, reply) => {
        find(routes, request).end('client')
        return reply.status(200).send()
      })
      done()
    },
    { prefix: `/${routes.prefix}` },
  ) as unknown as Promise<void>
}

export function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

async function open(
  routes: SessionRoutes,
  request: FastifyRequest<{ Params: SessionParams }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireType(request, SDP)
  const { session, answer, isKnown } = await routes.open(request, request.params, String(request.body))
  const { app, stream } = request.params
  const links = routes.links(isKnown)
  if (links.length > 0) reply.header('Link', links)
  return reply
    .status(201)
    .headers({
      'Content-Type': SDP,
      Location: `/${routes.prefix}/${encodeURIComponent(app)}/${encodeURIComponent(stream)}/${session.id}`,
      ETag: session.etag,
      'Accept-Patch': FRAGMENT,
    })
    .send(answer)
}

/** RFC 9725 section 4.3: trickle names the session's ETag, a restart names `*`. */
function patch(routes: SessionRoutes, session: RtcSession, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  requireType(request, FRAGMENT)
  const match = request.headers['if-match']
  if (match === undefined)
    throw new HttpRefusal(428, 'Send If-Match with the ETag of the session, or with * to restart ICE.')
  const fragment = parseTrickleFragment(String(request.body))
  const names = entityTagsOf(match)
  if (names === undefined)
    throw new HttpRefusal(400, 'If-Match is * or a list of quoted ETags (RFC 9110 section 13.1.1).')
  if (names !== '*' && !names.includes(session.etag))
    throw new HttpRefusal(412, 'The ETag does not match the current ICE session.')
  if (fragment.ice === undefined || names !== '*') return reply.status(204).send()
  const local = routes.gateway.restartIce(session.peer, fragment.ice)
  session.etag = `"${local.usernameFragment.replaceAll('/', '-').replaceAll('+', '_')}"`
  const body = writeTrickleFragment(local, routes.gateway.candidates, session.mid)
  return reply.status(200).headers({ 'Content-Type': FRAGMENT, ETag: session.etag }).send(body)
}

/**
 * `*`, or the ETags of an If-Match list (RFC 9110 section 13.1.1); undefined when malformed. Weak ones stand in it and never
 * match: the comparison is the strong one.
 */
export function entityTagsOf(header: string): '*' | string[] | undefined {
  const text = header.trim()
  if (text === '*') return '*'
  const tags = text.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((tag) => tag.trim())
  const named = tags.filter((tag) => tag !== '')
  return named.length > 0 && named.every((tag) => /^(W\/)?"[\x20\x21\x23-\x7e]*"$/.test(tag)) ? named : undefined
}

function find(routes: SessionRoutes, request: FastifyRequest<{ Params: { session: string } }>): RtcSession {
  const { sessions, audit } = routes
  const { session: id } = request.params
  const session = sessions.get(id, bearerOf(request))
  if (session !== undefined) return session
  if (sessions.has(id))
    audit.refused({ what: `${request.method} session`, from: routes.clientAddress(request), code: 'OTHER_TOKEN' })
  throw new HttpRefusal(404, 'There is no such session, or it belongs to another token.')
}

function requireType(request: FastifyRequest, type: string): void {
  const given = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (given === type) return
  const what = given === '' ? 'nothing' : `"${given}"`
  throw new HttpRefusal(415, `The body must be ${type}, but is ${what}.`, {
    [type === SDP ? 'Accept-Post' : 'Accept-Patch']: type,
  })
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  const text = reply.type('text/plain; charset=utf-8')
  if (error instanceof HttpRefusal) return text.headers(error.headers).status(error.status).send(`${error.message}\n`)
  if (error instanceof SdpError) return text.status(error.code === 'SDP_INVALID' ? 400 : 406).send(`${error.message}\n`)
  const status = (error as { statusCode?: number }).statusCode ?? 500
  const sentence = status < 500 ? (error as Error).message : 'The server failed; its log says why.'
  return text.status(status).send(`${sentence}\n`)
}
