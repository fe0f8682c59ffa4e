import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { StateError } from '../jobs/index.js'
import { PullRefused, pullRequest, type Pulls } from '../pull/index.js'
import { ApiError } from './errors.js'
import { errorBody, idParams } from './schemas.js'

const pullInfo = z
  .object({
    id: z.string(),
    url: z.string().describe('the source, secrets taken out'),
    stream: z.string().optional().describe('APP/STREAM'),
    room: z.string().optional(),
    userId: z.string().optional(),
    onDemand: z.boolean(),
    transport: z.enum(['tcp', 'udp']),
    timeoutMs: z.int(),
    source: z.enum(['rest', 'config']),
    state: z.enum(['connecting', 'live', 'waiting']).describe('waiting: for a viewer, or for the next attempt'),
    error: z.string().optional().describe('why the last attempt failed'),
    since: z.int().describe('When the pull was made, unix time in milliseconds'),
    bytesIn: z.int(),
  })
  .meta({ id: 'Pull' })

/** `/pulls`: list, get, start, end. */
export function registerPullRoutes(scope: FastifyInstance, pulls: Pulls): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['pulls']
  const notFound = () => new ApiError(404, 'PULL_NOT_FOUND', 'No pull has this id.')
  const listed = { 200: z.object({ pulls: z.array(pullInfo) }) }
  app.get('/pulls', { schema: { tags, summary: 'All pulls', response: listed } }, () => ({ pulls: pulls.list() }))
  const started = { 201: pullInfo, 400: errorBody, 409: errorBody, 507: errorBody }
  app.post(
    '/pulls',
    { schema: { tags, summary: 'Pull a stream from an address', body: pullRequest, response: started } },
    async (request, reply) => {
      const info = await pulls.add(request.body).catch((error: unknown) => {
        if (error instanceof PullRefused) throw new ApiError(409, error.code, error.message)
        if (error instanceof StateError) throw new ApiError(507, error.code, error.message)
        throw error
      })
      void reply.status(201)
      return info
    },
  )
  const found = { 200: pullInfo, 404: errorBody }
  app.get('/pulls/:id', { schema: { tags, summary: 'One pull', params: idParams, response: found } }, (request) => {
    const info = pulls.get(request.params.id)
    if (info === undefined) throw notFound()
    return info
  })
  const ended = { 204: z.null(), 404: errorBody }
  app.delete(
    '/pulls/:id',
    { schema: { tags, summary: 'End a pull', params: idParams, response: ended } },
    async (request, reply) => {
      if (!(await pulls.remove(request.params.id))) throw notFound()
      void reply.status(204)
      return null
    },
  )
}
