import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { forwardLimits } from '../config/index.js'
import type { ResolveHost } from '../jobs/index.js'
import { ApiError } from './errors.js'
import { resolveForwardTarget } from './forward-target.js'
import type { ForwardTarget } from './forward-target.js'
import { errorBody, forwardInfo, forwardRequest, idParams } from './schemas.js'
import type { ForwardInfo } from './schemas.js'

/** Forwards streams to other RTMP servers: the older name of pushes. */
export interface Forwards {
  list(): ForwardInfo[]
  get(id: string): ForwardInfo | undefined
  /** Makes a rule: whenever the stream is live it is published to the target, tried again after failures. */
  start(streamKey: string, target: ForwardTarget): ForwardInfo
  /** Ends a rule and its connection; false when there is none of this id. */
  stop(id: string): boolean
}

/** Dependencies of the forward routes. */
export interface ForwardRouteDeps {
  readonly forwards: Forwards
  /** Lets targets be private and loopback addresses. */
  readonly allowPrivate: boolean
  /** For tests; default: the system's resolver. */
  readonly resolve?: ResolveHost
}

/** `/forwards`: list, get, start, stop. */
export function registerForwardRoutes(scope: FastifyInstance, deps: ForwardRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['forwards']
  const notFound = () => new ApiError(404, 'FORWARD_NOT_FOUND', 'No forward has this id.')
  const listed = { 200: z.object({ forwards: z.array(forwardInfo) }) }
  app.get('/forwards', { schema: { tags, summary: 'All forward rules', response: listed } }, () => ({
    forwards: deps.forwards.list(),
  }))
  const started = { 201: forwardInfo, 400: errorBody, 409: errorBody }
  app.post(
    '/forwards',
    { schema: { tags, summary: 'Forward a stream to an RTMP server', body: forwardRequest, response: started } },
    async (request, reply) => {
      const target = await resolveForwardTarget(request.body.url, deps)
      if (deps.forwards.list().length >= forwardLimits.rules)
        throw new ApiError(
          409,
          'TOO_MANY_FORWARDS',
          `There are ${String(forwardLimits.rules)} forwards already; stop one first.`,
        )
      void reply.status(201)
      return deps.forwards.start(request.body.stream, target)
    },
  )
  const found = { 200: forwardInfo, 404: errorBody }
  app.get(
    '/forwards/:id',
    { schema: { tags, summary: 'One forward rule', params: idParams, response: found } },
    (request) => {
      const info = deps.forwards.get(request.params.id)
      if (info === undefined) throw notFound()
      return info
    },
  )
  const stopped = { 204: z.null(), 404: errorBody }
  app.delete(
    '/forwards/:id',
    { schema: { tags, summary: 'Stop a forward', params: idParams, response: stopped } },
    (request, reply) => {
      if (!deps.forwards.stop(request.params.id)) throw notFound()
      void reply.status(204)
      return null
    },
  )
}
