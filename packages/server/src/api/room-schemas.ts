import { z } from 'zod'
import { DEFAULT_BAN_MS, isRoomId, isUserId, limits } from '@crossroom/protocol'
import { playAddresses } from './schemas.js'

/** The shapes of rooms in the REST API. */

const ID = '^[A-Za-z0-9_-]+$'

const roomId = z
  .string()
  .refine(isRoomId, 'must be a number up to 4294967295, or 1 to 64 of A-Z a-z 0-9 _ -')
  .meta({ pattern: ID })

export const userId = z.string().refine(isUserId, 'must be 1 to 32 of A-Z a-z 0-9 _ -').meta({ pattern: ID })

const milliseconds = (description: string) => z.int().describe(`${description}, unix time in milliseconds`)

/** `:id` of a path; a number and its decimal text are one room. */
export const roomParams = z.object({ id: roomId })

/** `:id` and `:userId` of a path. */
export const memberParams = z.object({ id: roomId, userId })

/** `:id` and `:token` of a path. */
export const sharedParams = z.object({ id: roomId, token: z.string().min(1).max(32) })

export const roomInfo = z
  .object({
    roomId: z.string(),
    ownerId: z.string().nullable(),
    createdAt: milliseconds('When it was made'),
    anchors: z.int().describe('owner, anchors and devices'),
    audience: z.int(),
  })
  .meta({ id: 'Room' })

export const memberInfo = z
  .object({
    userId: z.string(),
    userName: z.string(),
    kind: z.enum(['browser', 'miniprogram', 'other', 'rtmp', 'whip']),
    role: z.enum(['owner', 'anchor', 'audience', 'device']),
    remoteAddress: z.string(),
    enteredAt: milliseconds('When it entered'),
    muted: z.object({ audio: z.boolean(), video: z.boolean() }).describe('by the owner or by this API'),
    streams: z.array(
      z.object({ streamType: z.enum(['main', 'aux', 'small']), hasAudio: z.boolean(), hasVideo: z.boolean() }),
    ),
  })
  .meta({ id: 'Member' })

/** `?banMs=` of a kick. */
export const kickQuery = z.object({
  banMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(limits.banMs)
    .default(DEFAULT_BAN_MS)
    .describe('how long the user is banned, in milliseconds; without a ban an encoder reconnects immediately'),
})

export const muteRequest = z.strictObject({ kind: z.enum(['audio', 'video']), muted: z.boolean() })

const permission = z.enum([
  ...(['createRoom', 'sendAudio', 'receiveAudio', 'sendVideo', 'receiveVideo', 'sendAux', 'receiveAux'] as const),
])

export const entryTokenRequest = z.strictObject({
  userId,
  permissions: z.array(permission).optional().describe('what the holder may do in the room; default: everything'),
  expireSeconds: z.int().min(1).max(31_536_000).default(86_400).describe('from now'),
})

export const entryTokenInfo = z
  .object({
    sdkAppId: z.int(),
    userSig: z.string().describe('bound to the room and the permissions, with or without the privateMapKey'),
    privateMapKey: z.string().describe('the same for clients that want one'),
    expiresAt: milliseconds('When they run out'),
  })
  .meta({ id: 'EntryToken' })

export const playAddressRequest = z.strictObject({
  userId,
  streamType: z.enum(['main', 'aux']).default('main'),
  expireSeconds: z.int().min(1).max(31_536_000).default(86_400).describe('from now; who plays by then may go on'),
})

export const playAddressInfo = z
  .object({
    token: z.string().describe('revokes the address by DELETE'),
    expiresAt: milliseconds('When nothing new is opened with it'),
    play: playAddresses,
  })
  .meta({ id: 'PlayAddress' })
