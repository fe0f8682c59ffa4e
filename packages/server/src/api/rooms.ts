import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { roomLimits } from '../config/index.js'
import { originsOf, type AddressOptions } from '../net/index.js'
import { tokenPath, type RoomOperations } from '../rooms/index.js'
import { ApiError } from './errors.js'
import { answered, type Deadlines } from './room-answers.js'
import {
  kickQuery,
  memberInfo,
  memberParams,
  muteRequest,
  playAddressInfo,
  playAddressRequest,
  roomInfo,
  roomParams,
  sharedParams,
} from './room-schemas.js'
import { endedBody, errorBody } from './schemas.js'

/** Dependencies of the room routes. */
export interface RoomRouteDeps extends AddressOptions {
  readonly operations: RoomOperations
  readonly clock: Deadlines
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
}

const tags = ['rooms']
/** No such room, member or address, or a timeout. */
const failures = { 404: errorBody, 504: errorBody }

/** `/rooms`: list, get, disband; their members: list, kick, mute; addresses to play them without being a member. */
export function registerRoomRoutes(scope: FastifyInstance, deps: RoomRouteDeps): void {
  registerRooms(scope, deps)
  registerMembers(scope, deps)
  registerPlayAddresses(scope, deps)
}

function registerRooms(scope: FastifyInstance, { operations, clock }: RoomRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const listed = { 200: z.object({ rooms: z.array(roomInfo) }), 504: errorBody }
  app.get('/rooms', { schema: { tags, summary: 'All rooms', response: listed } }, async () => ({
    rooms: [...(await answered(clock, operations.list()))],
  }))
  const one = { 200: roomInfo, ...failures }
  app.get('/rooms/:id', { schema: { tags, summary: 'One room', params: roomParams, response: one } }, (request) =>
    answered(clock, operations.room(request.params.id)),
  )
  const ended = { 200: endedBody, ...failures }
  app.delete(
    '/rooms/:id',
    { schema: { tags, summary: 'Disband a room: every member leaves', params: roomParams, response: ended } },
    async (request) => ({ ended: await answered(clock, operations.disband(request.params.id)) }),
  )
}

function registerMembers(scope: FastifyInstance, { operations, clock }: RoomRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const listed = { 200: z.object({ members: z.array(memberInfo) }), ...failures }
  app.get(
    '/rooms/:id/members',
    { schema: { tags, summary: 'All members of a room, audience included', params: roomParams, response: listed } },
    async (request) => ({ members: [...(await answered(clock, operations.members(request.params.id)))] }),
  )
  const ended = { 200: endedBody, ...failures }
  const kick = { tags, summary: 'Remove a member', params: memberParams, querystring: kickQuery, response: ended }
  app.delete('/rooms/:id/members/:userId', { schema: kick }, async (request) => {
    const { id, userId } = request.params
    await answered(clock, operations.kick(id, userId, request.query.banMs))
    return { ended: 1 }
  })
  const muted = { 200: memberInfo, ...failures }
  const mute = { tags, summary: 'Mute or unmute a member', params: memberParams, body: muteRequest, response: muted }
  app.post('/rooms/:id/members/:userId/mute', { schema: mute }, (request) => {
    const { id, userId } = request.params
    return answered(clock, operations.mute(id, userId, request.body.kind, request.body.muted))
  })
}

function registerPlayAddresses(scope: FastifyInstance, deps: RoomRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const { operations, clock } = deps
  const made = { 201: playAddressInfo, 409: errorBody, ...failures }
  const make = { tags, summary: 'Create an address that plays a member', params: roomParams, body: playAddressRequest }
  app.post('/rooms/:id/play-addresses', { schema: { ...make, response: made } }, async (request, reply) => {
    const { userId, streamType, expireSeconds } = request.body
    const expiresAt = deps.nowMs() + expireSeconds * 1000
    const scope = { userId, streamType, expiresAtMs: expiresAt }
    const shared = await answered(clock, operations.share(request.params.id, scope))
    if (shared === 'no-stream')
      throw new ApiError(404, 'STREAM_NOT_FOUND', 'No member with this user id sends this stream in the room.')
    if (shared === 'too-many') {
      const limit = String(roomLimits.sharedAddresses)
      throw new ApiError(409, 'TOO_MANY_ADDRESSES', `The room has ${limit} such addresses; revoke one first.`)
    }
    const { token } = shared
    void reply.status(201)
    return { token, expiresAt, play: deps.play(originsOf(request.raw, deps), tokenPath(token)) }
  })
  const revoked = { 200: endedBody, ...failures }
  const revoke = { tags, summary: 'Revoke such an address and disconnect its players', params: sharedParams }
  app.delete('/rooms/:id/play-addresses/:token', { schema: { ...revoke, response: revoked } }, async (request) => {
    const players = await answered(clock, operations.unshare(request.params.id, request.params.token))
    if (players === undefined) throw new ApiError(404, 'ADDRESS_NOT_FOUND', 'The room has no such address.')
    return { ended: players }
  })
}
