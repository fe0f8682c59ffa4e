import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { canonicalRoomId, isRoomId, limits } from '@crossroom/protocol'
import { makeBoundUserSig, privilegesOf, recordRoomOf, type Permissions } from '../auth/index.js'
import { roomLimits } from '../config/index.js'
import type { AddressRates } from '../net/index.js'
import type { Audit, Log } from '../observe/index.js'
import type { RoomOperations } from '../rooms/index.js'
import { answerErrorsAsJson, ApiError } from './errors.js'
import { answered, type Deadlines } from './room-answers.js'

export interface GuestDeps {
  /** Takes an invitation of a room. */
  readonly operations: Pick<RoomOperations, 'redeem'>
  /** No signature is required. */
  readonly isOpen: boolean
  readonly sdkAppId: number
  /** Signs for guests; absent when the server has none. */
  readonly secret: () => string | undefined
  readonly rates: AddressRates
  readonly clock: Deadlines & { now(): number }
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly audit: Audit
  readonly log: Log
  readonly clientAddress: (request: FastifyRequest['raw']) => string
}

const guestRequest = z.object({
  roomId: z
    .union([z.string(), z.number()])
    .refine(isRoomId, 'must be a number up to 4294967295, or 1 to 64 of A-Z a-z 0-9 _ -'),
  invite: z.string().min(1).max(limits.resumeTokenLength),
})

/**
 * `POST /api/v1/guest` takes an invitation that a room's owner made with `room.invite`, and answers with a guest's
 * credentials. On the public port, for pages.
 */
export async function registerGuest(app: FastifyInstance, deps: GuestDeps): Promise<void> {
  await app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(validatorCompiler)
      scope.setSerializerCompiler(serializerCompiler)
      answerErrorsAsJson(scope, (error) => deps.log.error({ error }, 'A request of a guest failed'))
      scope
        .withTypeProvider<ZodTypeProvider>()
        .post('/', { schema: { hide: true, body: guestRequest } }, (request, reply) => {
          void reply.header('cache-control', 'no-store')
          const from = deps.clientAddress(request.raw)
          if (deps.rates.take(deps.clock.now(), from) > 0)
            throw new ApiError(429, 'TOO_MANY_REQUESTS', 'Too many guests from this address. Wait a moment.')
          return letIn(canonicalRoomId(request.body.roomId), request.body.invite, from, deps)
        })
      done()
    },
    { prefix: '/api/v1/guest' },
  )
}

async function letIn(room: string, invite: string, from: string, deps: GuestDeps): Promise<object> {
  const secret = deps.secret()
  if (secret === undefined && !deps.isOpen)
    throw new ApiError(409, 'NO_SECRET', 'The server has no --secret, so it cannot sign for guests.')
  const guest = await answered(deps.clock, deps.operations.redeem(room, invite))
  if (guest === undefined) {
    deps.audit.refused({ what: 'guest', from, room, code: 'INVITATION_GONE' })
    throw new ApiError(
      404,
      'INVITATION_GONE',
      'The invitation is used up, expired, or closed because a guest who came by it was banned. Ask for a new one.',
    )
  }
  const { userId, role, permissions } = guest
  deps.audit.granted({ what: 'guest', who: userId, from, on: { room, role } })
  if (secret === undefined) return { userId, role }
  const { sdkAppId } = deps
  const issuedAtSeconds = Math.floor(deps.nowMs() / 1000)
  const expiresAtSeconds = issuedAtSeconds + roomLimits.guestMs / 1000
  const held = (Object.keys(permissions) as (keyof Permissions)[]).filter((name) => permissions[name])
  const record = { userId, sdkAppId, room: recordRoomOf(room), expiresAtSeconds, privileges: privilegesOf(held) }
  const userSig = makeBoundUserSig(secret, record, issuedAtSeconds)
  // Where a privateMapKey is required, the bound UserSig is one already.
  return { userId, role, sdkAppId, userSig }
}
