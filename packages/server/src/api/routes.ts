import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { makeStreamToken } from '../auth/index.js'
import { StreamKey, type Clock, type Connection, type Connections, type Stream, type StreamHub } from '../hub/index.js'
import { originsOf } from '../net/index.js'
import type { AddressOptions, Origins } from '../net/index.js'
import { isForPages } from './access.js'
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
import type { ConnectionInfo, DerivedInfo, StreamInfo } from './schemas.js'

/** Dependencies of the stream and connection routes. */
export interface StreamRouteDeps extends AddressOptions {
  readonly hub: StreamHub
  readonly connections: Connections
  readonly clock: Clock
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  /** The forms derived from the stream for viewers that cannot play the original. */
  readonly derivedOf?: (key: StreamKey) => readonly DerivedInfo[]
}

const STREAM_GONE = 'No stream has this name.'

/** `/streams`: list, get, end the stream, end the publisher. */
export function registerStreamRoutes(scope: FastifyInstance, deps: StreamRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const find = ({ app: name, stream }: { app: string; stream: string }): Stream => {
    const found = deps.hub.get(StreamKey.plain(`${name}/${stream}`))
    if (found === undefined) throw new ApiError(404, 'STREAM_NOT_FOUND', STREAM_GONE)
    return found
  }
  const tags = ['streams']
  const listed = { 200: z.object({ streams: z.array(streamInfo) }) }
  app.get('/streams', { schema: { tags, summary: 'All streams', response: listed } }, (request) => {
    const origins = originsOf(request.raw, deps)
    const streams = deps.hub.list()
    if (!isForPages(request)) return { streams: streams.map((stream) => describeStream(stream, deps, origins)) }
    const plain = streams.filter(({ key }) => key.space === 'plain')
    return { streams: plain.map((stream) => ({ ...describeStream(stream, deps, origins), publisher: undefined })) }
  })
  app.get(
    '/streams/:app/:stream',
    { schema: { tags, summary: 'One stream', params: streamParams, response: { 200: streamInfo, 404: errorBody } } },
    (request) => describeStream(find(request.params), deps, originsOf(request.raw, deps)),
  )
  const ended = { 200: endedBody, 404: errorBody }
  app.delete(
    '/streams/:app/:stream',
    { schema: { tags, summary: 'End a stream for its publisher and viewers', params: streamParams, response: ended } },
    (request) => {
      const stream = find(request.params)
      const before = deps.connections.list(stream.key).length
      stream.end('kicked')
      return { ended: before }
    },
  )
  app.delete(
    '/streams/:app/:stream/publisher',
    { schema: { tags, summary: 'End the publisher; viewers wait for another', params: streamParams, response: ended } },
    (request) => ({ ended: find(request.params).kickPublisher() ? 1 : 0 }),
  )
}

/** `/connections`: list, get, end. */
export function registerConnectionRoutes(scope: FastifyInstance, deps: StreamRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const find = (id: string): Connection => {
    const found = deps.connections.get(id)
    if (found === undefined) throw new ApiError(404, 'CONNECTION_NOT_FOUND', 'No connection has this id.')
    return found
  }
  const tags = ['connections']
  const listed = { 200: z.object({ connections: z.array(connectionInfo) }) }
  app.get(
    '/connections',
    { schema: { tags, summary: 'Publishers and viewers', querystring: connectionQuery, response: listed } },
    (request) => {
      const { stream, role } = request.query
      const found = deps.connections
        .list(stream === undefined ? undefined : StreamKey.plain(stream))
        .filter((one) => role === undefined || one.role === role)
      return { connections: found.map((connection) => describeConnection(connection, deps)) }
    },
  )
  const one = { 200: connectionInfo, 404: errorBody }
  app.get(
    '/connections/:id',
    { schema: { tags, summary: 'One publisher or viewer', params: idParams, response: one } },
    (request) => describeConnection(find(request.params.id), deps),
  )
  const ended = { 200: endedBody, 404: errorBody }
  app.delete(
    '/connections/:id',
    { schema: { tags, summary: 'End a publisher or viewer', params: idParams, response: ended } },
    (request) => {
      find(request.params.id).kick()
      return { ended: 1 }
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

function describeStream(stream: Stream, deps: StreamRouteDeps, origins: Origins): StreamInfo {
  const publication = stream.publication
  const { video, audio } = stream.promised
  const derived = deps.derivedOf?.(stream.key) ?? []
  return {
    name: stream.key.label,
    ...stream.key.of,
    ...(derived.length === 0 ? {} : { derived: [...derived] }),
    state: stream.state,
    since: wallClock(stream.createdAt, deps),
    ...(publication === undefined
      ? {}
      : {
          publisher: {
            id: publication.info.id,
            protocol: publication.info.protocol,
            remoteAddress: publication.info.remoteAddress,
            since: wallClock(publication.startedAt, deps),
          },
          ...(publication.refusals.size === 0 ? {} : { refused: [...publication.refusals.values()] }),
        }),
    ...(video === undefined
      ? {}
      : {
          video: {
            codec: video.codec,
            codecString: video.codecString,
            width: video.width,
            height: video.height,
            ...(video.frameRate === undefined ? {} : { frameRate: video.frameRate }),
          },
        }),
    ...(audio === undefined
      ? {}
      : {
          audio: {
            codec: audio.codec,
            codecString: audio.codecString,
            sampleRate: audio.sampleRate,
            channels: audio.channels,
          },
        }),
    subscribers: stream.subscribers,
    viewers: deps.connections.list(stream.key).filter((connection) => connection.role === 'viewer').length,
    framesIn: stream.framesIn,
    bytesIn: stream.bytesIn,
    ...(isPlayable(stream.key) && { play: deps.play(origins, stream.key.name) }),
  }
}

/** By its name: streams of rooms have addresses of their own, layers have none. */
function isPlayable({ space, layer }: StreamKey): boolean {
  return space === 'plain' && layer === 'best'
}

function describeConnection(connection: Connection, deps: StreamRouteDeps): ConnectionInfo {
  const { id, role, protocol, remoteAddress, streamKey, startedAt } = connection
  const figures = { bytes: connection.bytes(), droppedFrames: connection.droppedFrames() }
  return { id, role, protocol, remoteAddress, stream: streamKey.label, since: wallClock(startedAt, deps), ...figures }
}

/** A moment of the server's monotonic clock as unix time in milliseconds. */
function wallClock(micros: number, deps: StreamRouteDeps): number {
  return Math.round(deps.nowMs() - (deps.clock.now() - micros) / 1000)
}
