import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseRemoteDescription, parseTrickleFragment, SdpError } from '@crossroom/webrtc'
import { httpLimits } from '../../../config/index.js'
import type { ProtocolEnvironment } from '../../protocol.js'
import type { RtcSession, RtcSessions, SessionPost } from './session.js'
import { bearerOf, HttpRefusal, streamRequestOf, type SessionParams, type SessionProtocol } from './session-requests.js'

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

/** What the routes of WHIP (RFC 9725) or WHEP (draft-ietf-wish-whep) stand on. */
export interface SessionRoutes {
  readonly environment: Pick<ProtocolEnvironment, 'audit' | 'clientAddress' | 'newConnectionId'>
  readonly sessions: RtcSessions
  newSession(post: SessionPost): RtcSession
  /** `Link` headers that name ICE servers. */
  links(isKnown: boolean): string[]
}

/** Adds the routes of one direction to a scope of the web server. */
export function registerSessionRoutes(
  app: FastifyInstance,
  protocol: SessionProtocol,
  routes: SessionRoutes,
): Promise<void> {
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
      scope.post<{ Params: SessionParams }>('/:app/:stream', (request, reply) => open(protocol, routes, request, reply))
      scope.patch<{ Params: { session: string } }>('/:app/:stream/:session', (request, reply) =>
        patch(find(routes, request), request, reply),
      )
      scope.delete<{ Params: { session: string } }>('/:app/:stream/:session', (request, reply) => {
        find(routes, request).end('client')
        return reply.status(200).send()
      })
      done()
    },
    { prefix: `/${protocol}` },
  ) as unknown as Promise<void>
}

async function open(
  protocol: SessionProtocol,
  routes: SessionRoutes,
  request: FastifyRequest<{ Params: SessionParams }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireType(request, SDP)
  const offer = parseRemoteDescription(String(request.body))
  const { environment, sessions } = routes
  const remoteAddress = environment.clientAddress(request.raw)
  const owner = sessions.checkPending(remoteAddress)
  const who = { remoteAddress, connectionId: environment.newConnectionId() }
  const session = routes.newSession({ owner, asked: streamRequestOf(request, protocol, who) })
  const answer = await session.begin(offer)
  const { app, stream } = request.params
  const links = routes.links(session.isKnown)
  if (links.length > 0) reply.header('Link', links)
  return reply
    .status(201)
    .headers({
      'Content-Type': SDP,
      Location: `/${protocol}/${encodeURIComponent(app)}/${encodeURIComponent(stream)}/${session.id}`,
      ETag: session.etag,
      'Accept-Patch': FRAGMENT,
    })
    .send(answer)
}

/** RFC 9725 section 4.3: trickle names the session's ETag, a restart names `*`. */
function patch(session: RtcSession, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  requireType(request, FRAGMENT)
  const match = request.headers['if-match']
  if (match === undefined)
    throw new HttpRefusal(428, 'Send If-Match with the ETag of the session, or with * to restart ICE.')
  const fragment = parseTrickleFragment(String(request.body))
  const names = entityTagsOf(match)
  if (names === undefined)
    throw new HttpRefusal(400, 'If-Match is * or a list of quoted ETags (RFC 9110 section 13.1.1).')
  const body = session.patch(names, fragment.ice)
  if (body === undefined) return reply.status(204).send()
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
  const { sessions, environment } = routes
  const session = sessions.get(request.params.session)
  if (session?.isOf(bearerOf(request)) === true) return session
  if (session !== undefined) {
    const what = `${request.method} session`
    environment.audit.refused({ what, from: environment.clientAddress(request.raw), code: 'OTHER_TOKEN' })
  }
  // A stranger cannot tell one from the other.
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
