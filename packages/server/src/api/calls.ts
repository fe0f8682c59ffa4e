import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { limits, type Call, type CallMember } from '@crossroom/protocol'
import { CallError, type CallOperations } from '../calls/index.js'
import { ApiError } from './errors.js'
import { userId } from './room-schemas.js'
import { errorBody } from './schemas.js'

const callId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .describe('1 to 64 of A-Z a-z 0-9 _ -')

const callInfo = z
  .object({
    callId,
    roomId: z.string(),
    media: z.enum(['audio', 'video']),
    inviter: z.string().nullable().describe('null if a backend made the call'),
    members: z.array(
      z.object({
        userId: z.string(),
        state: z.enum(['ringing', 'accepted', 'rejected', 'left', 'noResponse', 'busy']),
      }),
    ),
    data: z.string(),
    startedAt: z.int().nullable().describe('when two had accepted, unix time in milliseconds'),
  })
  .meta({ id: 'Call' })

const callRequest = z.object({
  callId: callId.optional(),
  inviter: userId.optional().describe('the caller that the others are shown; rings as well'),
  userIds: z.array(userId).min(1).max(limits.invitedUsers),
  media: z.enum(['audio', 'video']).default('video'),
  data: z.string().max(limits.dataBytes).optional().describe('for the application'),
  timeoutMs: z.int().min(1000).max(limits.ringMs).optional().describe('how long it rings, default 30000'),
})

const CALL_ID_BYTES = 12
const tags = ['calls']
const missing = () => new ApiError(404, 'CALL_NOT_FOUND', 'There is no such call.')

/** `/calls`: list, get, start, end. */
export function registerCallRoutes(scope: FastifyInstance, calls: CallOperations): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const listed = { 200: z.object({ calls: z.array(callInfo) }) }
  app.get('/calls', { schema: { tags, summary: 'Calls that ring or go on', response: listed } }, async () => ({
    calls: (await calls.list()).map(mutable),
  }))
  const started = { 201: callInfo, 400: errorBody, 409: errorBody, 503: errorBody }
  const start = { tags, summary: 'Ring for users, who then talk to each other', body: callRequest, response: started }
  app.post('/calls', { schema: start }, async (request, reply) => {
    const { callId = randomBytes(CALL_ID_BYTES).toString('base64url'), ...wanted } = request.body
    try {
      const call = await calls.start({ ...wanted, callId })
      void reply.status(201)
      return mutable(call)
    } catch (error) {
      throw error instanceof CallError ? new ApiError(statusOf(error), error.code, error.message) : error
    }
  })
  const params = z.object({ id: callId })
  const found = { 200: callInfo, 404: errorBody }
  app.get('/calls/:id', { schema: { tags, summary: 'One call', params, response: found } }, async (request) => {
    const call = await calls.get(request.params.id)
    if (call === undefined) throw missing()
    return mutable(call)
  })
  const ended = { 204: z.null(), 404: errorBody }
  const end = { tags, summary: 'End a call for everybody', params, response: ended }
  app.delete('/calls/:id', { schema: end }, async (request, reply) => {
    if (!(await calls.end(request.params.id))) throw missing()
    void reply.status(204)
    return null
  })
}

function statusOf({ code }: CallError): number {
  if (code === 'CALL_EXISTS') return 409
  return code === 'CALLS_FULL' ? 503 : 400
}

/** The types of schemas know no readonly. */
function mutable(call: Call): Omit<Call, 'members'> & { members: CallMember[] } {
  return { ...call, members: [...call.members] }
}
