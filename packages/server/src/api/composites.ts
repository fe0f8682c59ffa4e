import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { compositeLimits } from '../config/index.js'
import { originsOf, type AddressOptions } from '../net/index.js'
import { RoomError, tokenPath } from '../rooms/index.js'
import type { CompositeOperations, CompositeRefusal, CompositeSummary } from '../rooms/index.js'
import { readBackground, type IsImage } from './background.js'
import { compositeChange, compositeInfo, compositeParams, compositeRequest } from './composite-schemas.js'
import { ApiError } from './errors.js'
import { answered, type Deadlines } from './room-answers.js'
import { roomParams } from './room-schemas.js'
import { errorBody } from './schemas.js'

/** Where composites come from. */
export interface CompositeSource {
  readonly composites: CompositeOperations
  readonly isImage: IsImage
}

/** Dependencies of the routes of composites. */
export interface CompositeRouteDeps extends AddressOptions, CompositeSource {
  readonly clock: Deadlines
}

const tags = ['rooms']
const BLACK = '#101418'
/** A background in the body, in base64. */
const BODY_BYTES = compositeLimits.imageBytes * 1.5
const STATUS = { MEDIA_CAPACITY: 503, COMPOSITES_OFF: 503, NO_FONT: 409, TOO_MANY_COMPOSITES: 409 } as const

const failures = { 400: errorBody, 404: errorBody, 409: errorBody, 503: errorBody, 504: errorBody }

/** `/rooms/ID/composites`: one picture of a whole room. */
export function registerCompositeRoutes(scope: FastifyInstance, deps: CompositeRouteDeps): void {
  registerMaking(scope, deps)
  registerLooking(scope, deps)
}

function registerMaking(scope: FastifyInstance, deps: CompositeRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const { composites, clock, isImage } = deps
  const made = { 201: compositeInfo, ...failures }
  const make = { tags, summary: 'Show a room in one picture', params: roomParams, body: compositeRequest }
  const path = '/rooms/:id/composites'
  app.post(path, { bodyLimit: BODY_BYTES, schema: { ...make, response: made } }, async (request, reply) => {
    const { background, ...wanted } = request.body
    const { colour = BLACK, file } = background === undefined ? {} : await readBackground(background, isImage)
    const asked = composites.make(request.params.id, { ...wanted, colour, background: file })
    const composite = accepted(await roomErrors(asked))
    void reply.status(201)
    return infoOf(composite, request, deps)
  })
  const changed = { 200: compositeInfo, ...failures }
  const change = { tags, summary: 'Change a composite while it runs', params: compositeParams, body: compositeChange }
  app.patch(
    `${path}/:composite`,
    { bodyLimit: BODY_BYTES, schema: { ...change, response: changed } },
    async (request) => {
      const { id, composite } = request.params
      const { background, ...wanted } = request.body
      const ground = typeof background === 'string' ? await readBackground(background, isImage) : undefined
      const picture = ground === undefined && background !== null ? {} : { background: ground?.file ?? null }
      const change = { ...wanted, ...picture, colour: background === null ? BLACK : ground?.colour }
      return infoOf(accepted(found(await answered(clock, composites.change(id, composite, change)))), request, deps)
    },
  )
}

function registerLooking(scope: FastifyInstance, deps: CompositeRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const { composites, clock } = deps
  const path = '/rooms/:id/composites'
  const listed = { 200: z.object({ composites: z.array(compositeInfo) }), 404: errorBody, 504: errorBody }
  const list = { tags, summary: 'All composites of a room', params: roomParams, response: listed }
  app.get(path, { schema: list }, async (request) => {
    const all = await answered(clock, composites.list(request.params.id))
    return { composites: all.map((composite) => infoOf(composite, request, deps)) }
  })
  const one = { tags, summary: 'One composite', params: compositeParams }
  const shown = { 200: compositeInfo, 404: errorBody, 504: errorBody }
  app.get(`${path}/:composite`, { schema: { ...one, response: shown } }, async (request) => {
    const { id, composite } = request.params
    const all = await answered(clock, composites.list(id))
    return infoOf(found(all.find((other) => other.id === composite)), request, deps)
  })
  const ended = { 204: z.null(), 404: errorBody, 504: errorBody }
  const end = { tags, summary: 'End a composite', params: compositeParams, response: ended }
  app.delete(`${path}/:composite`, { schema: end }, async (request, reply) => {
    const { id, composite } = request.params
    if (!(await answered(clock, composites.end(id, composite)))) throw notFound()
    void reply.status(204)
    return null
  })
}

/** Trying out what a composite costs takes longer than other answers of rooms may. */
async function roomErrors<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof RoomError ? new ApiError(404, error.code, error.message) : error
  }
}

function accepted(answer: CompositeSummary | CompositeRefusal): CompositeSummary {
  if ('refused' in answer) throw new ApiError(STATUS[answer.refused], answer.refused, answer.sentence)
  return answer
}

function found<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw notFound()
  return answer
}

function notFound(): ApiError {
  return new ApiError(404, 'COMPOSITE_NOT_FOUND', 'The room has no composite of this id.')
}

function infoOf(composite: CompositeSummary, request: FastifyRequest, deps: CompositeRouteDeps) {
  const { id, token, layout, width, height, fps, names, except, focus, isRunning, lagMs, skipped } = composite
  const stream = tokenPath(token)
  return {
    ...{ id, stream, play: deps.play(originsOf(request.raw, deps), stream), layout, width, height, fps, names },
    ...(except === undefined ? {} : { except }),
    ...(focus === undefined ? {} : { focus }),
    ...{ state: isRunning ? ('running' as const) : ('idle' as const), lagMs, skipped },
  }
}
