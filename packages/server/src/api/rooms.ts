import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { roomLimits } from '../config/index.js'
import { originsOf, playAddresses, type AddressOptions } from '../net/index.js'
import { RoomError, type Room, type Rooms } from '../rooms/index.js'
import { ApiError } from './errors.js'
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
  type MemberInfo,
  type RoomSummary,
} from './room-schemas.js'
import { endedBody, errorBody } from './schemas.js'

/** What the routes of rooms look at. */
export interface RoomRouteDeps extends AddressOptions {
  readonly rooms: Rooms
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
}

type Member = NonNullable<ReturnType<Room['member']>>

/** `/rooms`: list, get, disband; their members: list, kick, mute; addresses to play them without being a member. */
export function registerRoomRoutes(scope: FastifyInstance, deps: RoomRouteDeps): void {
  registerRooms(scope, deps.rooms)
  registerMembers(scope, deps.rooms)
  registerPlayAddresses(scope, deps)
}

function registerRooms(scope: FastifyInstance, rooms: Rooms): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['rooms']
  const listed = { 200: z.object({ rooms: z.array(roomInfo) }) }
  app.get('/rooms', { schema: { tags, summary: 'All rooms', response: listed } }, () => ({
    rooms: rooms.list().map(describeRoom),
  }))
  const one = { 200: roomInfo, 404: errorBody }
  app.get('/rooms/:id', { schema: { tags, summary: 'One room', params: roomParams, response: one } }, (request) =>
    describeRoom(find(rooms, request.params.id)),
  )
  const ended = { 200: endedBody, 404: errorBody }
  app.delete(
    '/rooms/:id',
    { schema: { tags, summary: 'Disband a room: every member leaves', params: roomParams, response: ended } },
    (request) => {
      const room = find(rooms, request.params.id)
      const members = room.size
      room.disband()
      return { ended: members }
    },
  )
}

function registerMembers(scope: FastifyInstance, rooms: Rooms): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['rooms']
  const listed = { 200: z.object({ members: z.array(memberInfo) }), 404: errorBody }
  app.get(
    '/rooms/:id/members',
    { schema: { tags, summary: 'All members of a room, audience included', params: roomParams, response: listed } },
    (request) => {
      const room = find(rooms, request.params.id)
      return { members: [...room.members].map((member) => describeMember(room, member)) }
    },
  )
  const ended = { 200: endedBody, 404: errorBody }
  const kick = { tags, summary: 'Remove a member', params: memberParams, querystring: kickQuery, response: ended }
  app.delete('/rooms/:id/members/:userId', { schema: kick }, (request) => {
    const { id, userId } = request.params
    answered(() => find(rooms, id).kick(userId, request.query.banMs))
    return { ended: 1 }
  })
  const muted = { 200: memberInfo, 404: errorBody }
  const mute = { tags, summary: 'Mute or unmute a member', params: memberParams, body: muteRequest, response: muted }
  app.post('/rooms/:id/members/:userId/mute', { schema: mute }, (request) => {
    const { id, userId } = request.params
    const room = find(rooms, id)
    answered(() => room.mute(userId, request.body.kind, request.body.muted))
    return describeMember(room, room.member(userId)!)
  })
}

function registerPlayAddresses(scope: FastifyInstance, deps: RoomRouteDeps): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const { rooms } = deps
  const tags = ['rooms']
  const made = { 201: playAddressInfo, 404: errorBody, 409: errorBody }
  const make = { tags, summary: 'Create an address that plays a member', params: roomParams, body: playAddressRequest }
  app.post('/rooms/:id/play-addresses', { schema: { ...make, response: made } }, (request, reply) => {
    const { userId, streamType, expireSeconds } = request.body
    const room = find(rooms, request.params.id)
    const stream = room.member(userId)?.streamOf(streamType)
    if (stream === undefined)
      throw new ApiError(404, 'STREAM_NOT_FOUND', 'No member with this user id sends this stream in the room.')
    const holder = holderOf(room)
    if (rooms.tokens.countOf(holder) >= roomLimits.sharedAddresses) {
      const limit = String(roomLimits.sharedAddresses)
      throw new ApiError(409, 'TOO_MANY_ADDRESSES', `The room has ${limit} such addresses; revoke one first.`)
    }
    const expiresAt = deps.nowMs() + expireSeconds * 1000
    const scope = { action: 'play', roomId: room.id, holder, userId, streamType, key: stream.key } as const
    const token = rooms.tokens.issue({ ...scope, expiresAtMs: expiresAt, isShared: true })
    void reply.status(201)
    return { token, expiresAt, play: playAddresses(originsOf(request.raw, deps), `r/${token}`) }
  })
  const revoked = { 200: endedBody, 404: errorBody }
  const revoke = { tags, summary: 'Revoke such an address and disconnect its players', params: sharedParams }
  app.delete('/rooms/:id/play-addresses/:token', { schema: { ...revoke, response: revoked } }, (request) => {
    const { id, token: text } = request.params
    const token = rooms.tokens.find(text)
    if (token?.roomId !== id || token.isShared !== true)
      throw new ApiError(404, 'ADDRESS_NOT_FOUND', 'The room has no such address.')
    const players = token.connections.size
    rooms.tokens.revoke(text)
    return { ended: players }
  })
}

/** Whom shared addresses of a room are counted with. */
function holderOf(room: Room): string {
  return `shared:${room.id}`
}

function find(rooms: Rooms, id: string): Room {
  const room = rooms.get(id)
  if (room === undefined) throw new ApiError(404, 'ROOM_NOT_FOUND', 'There is no such room.')
  return room
}

/** What rooms refuse an operator is that the member is not there. */
function answered(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (error instanceof RoomError) throw new ApiError(404, error.code, error.message)
    throw error
  }
}

function describeRoom(room: Room): RoomSummary {
  const { roomId, ownerId, createdAt, anchors, audience } = room.info()
  return { roomId, ownerId, createdAt, anchors, audience }
}

function describeMember(room: Room, member: Member): MemberInfo {
  const { userId, userName, kind, role, remoteAddress, enteredAtMs: enteredAt, mutedByOthers: muted } = member
  const layers = room.list.get(userId)?.layers ?? []
  const streams = layers.map(({ streamType, kinds }) => ({
    streamType,
    hasAudio: kinds.audio,
    hasVideo: kinds.video,
  }))
  return { userId, userName, kind, role, remoteAddress, enteredAt, muted: { ...muted }, streams }
}
