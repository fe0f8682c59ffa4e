import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { ALL_PRIVILEGES, makeBoundUserSig, makePrivateMapKey, privilegesOf, recordRoomOf } from '../auth/index.js'
import { ApiError } from './errors.js'
import { entryTokenInfo, entryTokenRequest, roomParams } from './room-schemas.js'
import { errorBody } from './schemas.js'

/** The keys of the route. */
export interface RoomTokenDeps {
  readonly sdkAppId: number
  /** Absent when the server has none. */
  readonly secret: () => string | undefined
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
}

/** `/rooms/ID/tokens`: signs for a user of a room, which need not exist yet. */
export function registerRoomTokenRoutes(scope: FastifyInstance, deps: RoomTokenDeps): void {
  const response = { 201: entryTokenInfo, 409: errorBody }
  const schema = { tags: ['rooms'], summary: 'What a user enters a room with', params: roomParams, response }
  scope
    .withTypeProvider<ZodTypeProvider>()
    .post('/rooms/:id/tokens', { schema: { ...schema, body: entryTokenRequest } }, (request, reply) => {
      const { sdkAppId } = deps
      const secret = deps.secret()
      if (secret === undefined)
        throw new ApiError(409, 'NO_SECRET', 'The server has no --secret, so it neither needs nor makes UserSigs.')
      const { userId, permissions, expireSeconds } = request.body
      const issuedAtSeconds = Math.floor(deps.nowMs() / 1000)
      const expiresAtSeconds = issuedAtSeconds + expireSeconds
      const privileges = permissions === undefined ? ALL_PRIVILEGES : privilegesOf(['enter', ...permissions])
      const record = { userId, sdkAppId, room: recordRoomOf(request.params.id), expiresAtSeconds, privileges }
      void reply.status(201)
      return {
        sdkAppId,
        userSig: makeBoundUserSig(secret, record, issuedAtSeconds),
        privateMapKey: makePrivateMapKey(secret, record, issuedAtSeconds),
        expiresAt: expiresAtSeconds * 1000,
      }
    })
}
