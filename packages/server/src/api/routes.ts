import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { makeStreamToken } from '../auth/index.js'
import { StreamKey, type Stream } from '../hub/index.js'
import { originsOf } from '../net/index.js'
import type { AddressOptions, Origins } from '../net/index.js'
import { isForPages } from './access.js'
import {
  describeConnection,
  describeStream,
  endConnection,
  endPublisher,
  endStream,
  isPlainName,
  listConnections,
  listStreams,
  type DescriptionDeps,
} from './descriptions.js'
import type { Elsewhere } from './elsewhere.js'
import { ApiError } from './errors.js'
import {
  connectionInfo,
  connectionQuery,
  endedBody,
  errorBody,
  idParams,
  streamInfo,
  streamParams,
  tokenInfo,
  tokenRequest,
} from './schemas.js'
import type { StreamInfo } from './schemas.js'

/** Dependencies of the stream and connection routes. */
export interface StreamRouteDeps extends AddressOptions, DescriptionDeps {
  /** The other nodes of a cluster. */
  readonly elsewhere?: Elsewhere | undefined
}

/** `/streams`: list, get, end the stream, end the publisher. */
export function registerStreamRoutes(scope: FastifyInstance, deps: StreamRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const { elsewhere, hub } = deps
  const gone = (): ApiError => new ApiError(404, 'STREAM_NOT_FOUND', 'No stream has this name.')
  const keyOf = ({ app: name, stream }: { app: string; stream: string }): StreamKey =>
    StreamKey.plain(`${name}/${stream}`)
  const describe = (stream: Stream, origins: Origins): StreamInfo => describeStream(stream, deps, origins)
  const tags = ['streams']
  const listed = { 200: z.object({ streams: z.array(streamInfo) }) }
  app.get('/streams', { schema: { tags, summary: 'All streams', response: listed } }, async (request) => {
    const origins = originsOf(request.raw, deps)
    const own = listStreams(deps).map((stream) => describe(stream, origins))
    const streams = (await elsewhere?.addStreams(own, origins)) ?? own
    if (!isForPages(request)) return { streams }
    const plain = streams.filter(({ name, roomId }) => roomId === undefined && isPlainName(name))
    return { streams: plain.map((stream) => ({ ...stream, publisher: undefined })) }
  })
  app.get(
    '/streams/:app/:stream',
    { schema: { tags, summary: 'One stream', params: streamParams, response: { 200: streamInfo, 404: errorBody } } },
    async (request) => {
      const origins = originsOf(request.raw, deps)
      const key = keyOf(request.params)
      const present = hub.get(key)
      const own = present === undefined ? [] : [describe(present, origins)]
      const [found] = (await elsewhere?.addStreams(own, origins, key.name)) ?? own
      if (found === undefined) throw gone()
      return found
    },
  )
  const ended = { 200: endedBody, 404: errorBody }
  app.delete(
    '/streams/:app/:stream',
    { schema: { tags, summary: 'End a stream for its publisher and viewers', params: streamParams, response: ended } },
    async (request) => {
      const key = keyOf(request.params)
      const [here, others] = [endStream(key, deps), await elsewhere?.end('stream', key.name)]
      if (here === undefined && others === undefined) throw gone()
      return { ended: (here ?? 0) + (others ?? 0) }
    },
  )
  app.delete(
    '/streams/:app/:stream/publisher',
    { schema: { tags, summary: 'End the publisher; viewers wait for another', params: streamParams, response: ended } },
    async (request) => {
      const key = keyOf(request.params)
      const [here, others] = [endPublisher(key, deps), await elsewhere?.end('publisher', key.name)]
      if (here === undefined && others === undefined) throw gone()
      return { ended: (here ?? 0) + (others ?? 0) }
    },
  )
}

/** `/connections`: list, get, end. */
export function registerConnectionRoutes(scope: FastifyInstance, deps: StreamRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const { connections, elsewhere } = deps
  const gone = (): ApiError => new ApiError(404, 'CONNECTION_NOT_FOUND', 'No connection has this id.')
  const tags = ['connections']
  const listed = { 200: z.object({ connections: z.array(connectionInfo) }) }
  app.get(
    '/connections',
    { schema: { tags, summary: 'Publishers and viewers', querystring: connectionQuery, response: listed } },
    async (request) => {
      const own = listConnections(request.query, deps)
      return { connections: (await elsewhere?.addConnections(own, request.query)) ?? own }
    },
  )
  const one = { 200: connectionInfo, 404: errorBody }
  app.get(
    '/connections/:id',
    { schema: { tags, summary: 'One publisher or viewer', params: idParams, response: one } },
    async (request) => {
      const { id } = request.params
      const present = connections.get(id)
      const own = present === undefined ? [] : [describeConnection(present, deps)]
      const [found] = (await elsewhere?.addConnections(own, { id })) ?? own
      if (found === undefined) throw gone()
      return found
    },
  )
  const ended = { 200: endedBody, 404: errorBody }
  app.delete(
    '/connections/:id',
    { schema: { tags, summary: 'End a publisher or viewer', params: idParams, response: ended } },
    async (request) => {
      const { id } = request.params
      const count = endConnection(id, deps) ?? (await elsewhere?.end('connection', id))
      if (count === undefined) throw gone()
      return { ended: count }
    },
  )
}

/** `/tokens`: makes tokens of plain streams. */
export function registerTokenRoutes(
  scope: FastifyInstance,
  deps: StreamRouteDeps,
  secretOf: () => string | undefined,
): void {
  const response = { 201: tokenInfo, 409: errorBody }
  scope
    .withTypeProvider<ZodTypeProvider>()
    .post(
      '/tokens',
      { schema: { tags: ['tokens'], summary: 'A token to publish or play a stream', body: tokenRequest, response } },
      (request, reply) => {
        const secret = secretOf()
        if (secret === undefined)
          throw new ApiError(409, 'NO_SECRET', 'The server has no --secret, so it neither needs nor makes tokens.')
        const { action, stream: name, expireSeconds } = request.body
        const [app = '', stream = ''] = name.split('/')
        const expiresAtSeconds = Math.floor(deps.nowMs() / 1000) + expireSeconds
        const token = makeStreamToken(secret, { action, app, stream }, expiresAtSeconds)
        const origins = originsOf(request.raw, deps)
        const http = action === 'play' ? `${origins.http}/${name}.flv?token=${token}` : `${origins.http}/whip/${name}`
        void reply.status(201)
        return { token, expiresAt: expiresAtSeconds * 1000, rtmp: `${origins.rtmp}/${name}?token=${token}`, http }
      },
    )
}
