import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { StateError } from '../jobs/index.js'
import { PushRefused, pushRequest, type Pushes } from '../push/index.js'
import { ApiError } from './errors.js'
import { errorBody, idParams } from './schemas.js'

const milliseconds = (description: string) => z.int().describe(`${description}, unix time in milliseconds`)

const pushInfo = z
  .object({
    id: z.string(),
    url: z.string().describe('the target, secrets taken out'),
    stream: z.string().optional().describe('APP/STREAM'),
    room: z.string().optional(),
    userId: z.string().optional().describe('absent: the composite of the room'),
    streamType: z.enum(['main', 'aux']).optional(),
    onDemand: z.boolean(),
    once: z.boolean(),
    source: z.enum(['rest', 'config', 'forward']),
    state: z
      .enum(['waiting', 'connecting', 'pushing', 'retrying', 'ended'])
      .describe(
        'waiting: for the stream; pushing: the target accepted it; ended: a push with once whose stream is over',
      ),
    error: z.string().optional().describe('why the last attempt failed'),
    nextTryAt: milliseconds('When it is tried again').optional(),
    pushingSince: milliseconds('When the target accepted the stream').optional(),
    since: milliseconds('When the push was made'),
    bytesOut: z.int(),
    droppedFrames: z.int().describe('left out because the target did not take them'),
    failures: z.int().describe('attempts that failed'),
  })
  .meta({ id: 'Push' })

/** `/pushes`: list, get, start, end. */
export function registerPushRoutes(scope: FastifyInstance, pushes: Pushes): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['pushes']
  const notFound = () => new ApiError(404, 'PUSH_NOT_FOUND', 'No push has this id.')
  const listed = { 200: z.object({ pushes: z.array(pushInfo) }) }
  app.get('/pushes', { schema: { tags, summary: 'All pushes', response: listed } }, () => ({ pushes: pushes.list() }))
  const started = { 201: pushInfo, 400: errorBody, 409: errorBody, 507: errorBody }
  app.post(
    '/pushes',
    { schema: { tags, summary: 'Push a stream to an address', body: pushRequest, response: started } },
    async (request, reply) => {
      const info = await pushes.add(request.body).catch((error: unknown) => {
        if (error instanceof PushRefused) throw new ApiError(409, error.code, error.message)
        if (error instanceof StateError) throw new ApiError(507, error.code, error.message)
        throw error
      })
      void reply.status(201)
      return info
    },
  )
  const found = { 200: pushInfo, 404: errorBody }
  app.get('/pushes/:id', { schema: { tags, summary: 'One push', params: idParams, response: found } }, (request) => {
    const info = pushes.get(request.params.id)
    if (info === undefined) throw notFound()
    return info
  })
  const ended = { 204: z.null(), 404: errorBody }
  app.delete(
    '/pushes/:id',
    { schema: { tags, summary: 'End a push', params: idParams, response: ended } },
    async (request, reply) => {
      if (!(await pushes.remove(request.params.id))) throw notFound()
      void reply.status(204)
      return null
    },
  )
}
