import { limits } from './limits.js'
import { count, roomId, userId, userName } from './model-shapes.js'
import type { ClientKind, RoomId } from './model.js'
import { client, data, optionalToken, protocol } from './request-shapes.js'
import { boolean, integer, list, Mismatch, nullable, object, oneOf, optional, textUpTo, type Shape } from './shape.js'

export type CallMedia = 'audio' | 'video'

/** `noResponse`, `busy` and `rejected` users may still join a call that goes on. */
export type CallMemberState = 'ringing' | 'accepted' | 'rejected' | 'left' | 'noResponse' | 'busy'

export interface CallMember {
  readonly userId: string
  readonly state: CallMemberState
}

/** A call, as everybody in it sees it. Its room may be entered by its members only, without a privateMapKey. */
export interface Call {
  readonly callId: string
  readonly roomId: string
  readonly media: CallMedia
  /** null if a backend made the call. */
  readonly inviter: string | null
  /** The inviter first. */
  readonly members: readonly CallMember[]
  /** The inviter's, for the application. */
  readonly data: string
  /** Unix milliseconds of the first acceptance; null while it rings. */
  readonly startedAt: number | null
}

/** Why a call is over, for one device. */
export type CallEndReason =
  | 'hangup'
  | 'reject'
  | 'noResponse'
  | 'offline'
  | 'lineBusy'
  | 'canceled'
  | 'otherDeviceAccepted'
  | 'otherDeviceReject'
  | 'endByServer'

/** Why an invited user is not in the call. */
export type CallRefusal = 'reject' | 'noResponse' | 'offline' | 'lineBusy'

export interface OnlineParams {
  /** PROTOCOL_VERSION; absent is the same. */
  readonly protocol?: number
  readonly sdkAppId?: number
  readonly userId: string
  /** A UserSig or a JWT; may be absent in open mode. */
  readonly userSig?: string
  readonly userName?: string
  /** Of the device's own making, the same after a reconnect: a call that was accepted here goes on here. */
  readonly deviceId?: string
  readonly client?: { readonly kind: ClientKind; readonly version: string }
}

export interface OnlineResult {
  /** Those that ring or go on for this user. */
  readonly calls: readonly Call[]
  readonly heartbeatMs: number
  /** Unix milliseconds; null if the signature never expires. */
  readonly expiresAt: number | null
}

export interface CallInviteParams {
  /** The caller's choice: a request that is sent again after a lost answer is the same call. */
  readonly callId: string
  readonly userIds: readonly string[]
  readonly media: CallMedia
  readonly data?: string
  /** Default DEFAULT_RING_MS. */
  readonly timeoutMs?: number
  /** Of an existing room, which its members enter with their own permissions. Absent, the call gets a room of its own. */
  readonly roomId?: RoomId
}

export const callId: Shape<string> = (value, field) =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
    ? value
    : new Mismatch(field, value, '1 to 64 characters of A-Z a-z 0-9 _ -')

const callMedia = oneOf<CallMedia>(['audio', 'video'])

/** Different users, at least one. */
export const invitedUsers: Shape<readonly string[]> = (value, field) => {
  const users = list(userId, limits.invitedUsers)(value, field)
  if (users instanceof Mismatch) return users
  const isFit = users.length > 0 && new Set(users).size === users.length
  return isFit ? users : new Mismatch(field, value, `1 to ${limits.invitedUsers} different users`)
}

export const call: Shape<Call> = object<Call>({
  callId,
  roomId: textUpTo(limits.roomIdLength, 1),
  media: callMedia,
  inviter: nullable(userId),
  members: list(
    object<CallMember>({
      userId,
      state: oneOf<CallMemberState>(['ringing', 'accepted', 'rejected', 'left', 'noResponse', 'busy'], 'left'),
    }),
    limits.callMembers,
  ),
  data,
  startedAt: nullable(count),
})

export const onlineParams: Shape<OnlineParams> = object<OnlineParams>({
  protocol: optional(protocol),
  sdkAppId: optional(count),
  userId,
  userSig: optionalToken,
  userName: optional(userName),
  deviceId: optional(callId),
  client: optional(client),
})

export const onlineResult: Shape<OnlineResult> = object<OnlineResult>({
  calls: list(call, limits.callsOfUser),
  heartbeatMs: integer(1, 2 ** 31 - 1),
  expiresAt: nullable(count),
})

export const callInviteParams: Shape<CallInviteParams> = object<CallInviteParams>({
  callId,
  userIds: invitedUsers,
  media: callMedia,
  data: optional(data),
  timeoutMs: optional(integer(1000, limits.ringMs)),
  roomId: optional(roomId),
})

export const callResult = object<{ readonly call: Call }>({ call })
export const onlyCall = object<{ readonly callId: string }>({ callId })
export const callAndReason = object<{ readonly callId: string; readonly reason?: string }>({
  callId,
  reason: optional(textUpTo(limits.reasonLength)),
})
export const callAddParams = object<{ readonly callId: string; readonly userIds: readonly string[] }>({
  callId,
  userIds: invitedUsers,
})
export const callMediaParams = object<{ readonly callId: string; readonly media: CallMedia }>({
  callId,
  media: callMedia,
})
export const blockParams = object<{ readonly userId: string; readonly blocked: boolean }>({ userId, blocked: boolean })

export const callEndReason = oneOf<CallEndReason>(
  [
    'hangup',
    'reject',
    'noResponse',
    'offline',
    'lineBusy',
    'canceled',
    'otherDeviceAccepted',
    'otherDeviceReject',
    'endByServer',
  ],
  'hangup',
)
export const callRefusal = oneOf<CallRefusal>(['reject', 'noResponse', 'offline', 'lineBusy'], 'noResponse')
