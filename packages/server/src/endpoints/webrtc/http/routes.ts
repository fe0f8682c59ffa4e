import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseRemoteDescription, parseTrickleFragment, SdpError } from '@crossroom/webrtc'
import { httpLimits } from '../../../config/index.js'
import type { ProtocolEnvironment } from '../../protocol.js'
import { PassedRequests, type SessionAnswer, type SessionRequest } from './passed-requests.js'
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
  readonly passed: PassedRequests
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
      for (const method of ['PATCH', 'DELETE'] as const)
        scope.route<{ Params: { session: string } }>({
          ...{ method, url: '/:app/:stream/:session' },
          handler: (request, reply) => change(routes, request, reply, method),
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
  requireType(request.headers['content-type'], SDP)
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
      Location: `/${protocol}/${encodeURIComponent(app)}/${encodeURIComponent(stream)}/${routes.passed.addressOf(session.id)}`,
      ETag: session.etag,
      'Accept-Patch': FRAGMENT,
    })
    .send(answer)
}

/** A PATCH or DELETE: of a session here, or of another node that is asked. */
async function change(
  { environment, passed, sessions }: SessionRoutes,
  request: FastifyRequest<{ Params: { session: string } }>,
  reply: FastifyReply,
  method: 'PATCH' | 'DELETE',
): Promise<FastifyReply> {
  const { session, node } = passed.read(request.params.session)
  const asked: SessionRequest = {
    ...{ method, session, from: environment.clientAddress(request.raw), bearer: bearerOf(request) },
    ...{ type: request.headers['content-type'], match: request.headers['if-match'] },
    ...(typeof request.body === 'string' && { body: request.body }),
  }
  const elsewhere = node === undefined ? undefined : ((await passed.pass(node, asked)) ?? answerOf(noSession()))
  const { status, headers, body } = elsewhere ?? answerSession({ environment, sessions }, asked)
  return reply
    .status(status)
    .headers(headers)
    .send(body === '' ? undefined : body)
}

/** What this node answers to a request for a session of its own. */
export function answerSession(
  routes: Pick<SessionRoutes, 'environment' | 'sessions'>,
  request: SessionRequest,
): SessionAnswer {
  try {
    const session = find(routes, request)
    if (request.method === 'PATCH') return patch(session, request)
    session.end('client')
    return { status: 200, headers: {}, body: '' }
  } catch (error) {
    return answerOf(error)
  }
}

/** RFC 9725 section 4.3: trickle names the session's ETag, a restart names `*`. */
function patch(session: RtcSession, { type, match, body: content = '' }: SessionRequest): SessionAnswer {
  requireType(type, FRAGMENT)
  if (match === undefined)
    throw new HttpRefusal(428, 'Send If-Match with the ETag of the session, or with * to restart ICE.')
  const fragment = parseTrickleFragment(content)
  const names = entityTagsOf(match)
  if (names === undefined)
    throw new HttpRefusal(400, 'If-Match is * or a list of quoted ETags (RFC 9110 section 13.1.1).')
  const body = session.patch(names, fragment.ice)
  if (body === undefined) return { status: 204, headers: {}, body: '' }
  return { status: 200, headers: { 'Content-Type': FRAGMENT, ETag: session.etag }, body }
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

function find(
  { sessions, environment }: Pick<SessionRoutes, 'environment' | 'sessions'>,
  asked: SessionRequest,
): RtcSession {
  const session = sessions.get(asked.session)
  if (session?.isOf(asked.bearer) === true) return session
  if (session !== undefined)
    environment.audit.refused({ what: `${asked.method} session`, from: asked.from, code: 'OTHER_TOKEN' })
  throw noSession()
}

/** A stranger cannot tell one from the other. */
function noSession(): HttpRefusal {
  return new HttpRefusal(404, 'There is no such session, or it belongs to another token.')
}

function requireType(header: string | undefined, type: string): void {
  const given = (header ?? '').split(';')[0]!.trim().toLowerCase()
  if (given === type) return
  const what = given === '' ? 'nothing' : `"${given}"`
  throw new HttpRefusal(415, `The body must be ${type}, but is ${what}.`, {
    [type === SDP ? 'Accept-Post' : 'Accept-Patch']: type,
  })
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = answerOf(error)
  return reply
    .status(status)
    .headers(headers)
    .send(body === '' ? undefined : body)
}

function answerOf(error: unknown): SessionAnswer {
  const answer = (status: number, sentence: string, headers: Readonly<Record<string, string>> = {}): SessionAnswer => {
    return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: `${sentence}\n` }
  }
  if (error instanceof HttpRefusal) return answer(error.status, error.message, error.headers)
  if (error instanceof SdpError) return answer(error.code === 'SDP_INVALID' ? 400 : 406, error.message)
  const status = (error as { statusCode?: number }).statusCode ?? 500
  return answer(status, status < 500 ? (error as Error).message : 'The server failed; its log says why.')
}
