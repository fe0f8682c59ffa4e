import { limits, PROTOCOL_VERSION } from './limits.js'
import {
  count,
  iceServers,
  publishedStreamType,
  pushAddress,
  role,
  roomId,
  roomInfo,
  userId,
  userList,
  userName,
} from './model-shapes.js'
import type {
  ClientKind,
  IceServer,
  MessageKind,
  PublishedStreamType,
  PushAddress,
  RequestedRole,
  Role,
  RoomId,
  RoomInfo,
  User,
  StreamSubscription,
} from './model.js'
import {
  boolean,
  integer,
  isObject,
  Mismatch,
  nullable,
  object,
  oneOf,
  optional,
  text,
  textUpTo,
  type Shape,
} from './shape.js'
import { utf8Length } from './text.js'

/** A result or a parameter object without a field. */
export type Empty = Readonly<Record<never, never>>

export interface EnterParams {
  /** PROTOCOL_VERSION of the client. */
  readonly protocol: number
  /** May be absent in open mode, as `userSig`. */
  readonly sdkAppId?: number
  readonly roomId: RoomId
  readonly userId: string
  /** A UserSig or a JWT. */
  readonly userSig?: string
  readonly privateMapKey?: string
  readonly userName?: string
  /** Default `anchor`. */
  readonly role?: RequestedRole
  readonly client: { readonly kind: ClientKind; readonly version: string }
}

export interface EnterResult {
  readonly sessionId: string
  readonly resumeToken: string
  readonly room: RoomInfo
  readonly self: { readonly userId: string; readonly role: Role }
  /** Owner, anchors and devices without the receiver. */
  readonly userList: readonly User[]
  readonly audienceCount: number
  /** For anchors that are not browsers. */
  readonly push?: PushAddress
  readonly iceServers: readonly IceServer[]
  /** How often the client sends `room.ping`; two missed and it counts as gone. */
  readonly heartbeatMs: number
  /** Unix milliseconds at which the signature runs out; null when it never does (open mode). */
  readonly expiresAt: number | null
  /**
   * Of `room.resume`: the membership goes on at another node of the cluster, with the same addresses. That node knows no
   * PeerConnections, subscriptions or mutes of the member: they are made and told anew.
   */
  readonly moved?: boolean
}

export interface RenewParams {
  readonly userSig: string
  readonly privateMapKey?: string
}

export interface SubscribeParams {
  /** The complete subscription, which replaces the previous one; an empty list subscribes to nothing. */
  readonly streams: 'all' | readonly StreamSubscription[]
}

export interface MediaStateParams {
  /** false is muted. */
  readonly audio: boolean
  readonly video: boolean
  readonly streamType: PublishedStreamType
}

export interface MixParams {
  readonly audio: boolean
  readonly video: boolean
  /** Whose voices; the receiver's own is never in it. */
  readonly audioOf: 'all' | readonly string[]
}

/** LiteAV's measurements, name to figure, as in `bindnetstatus`. */
export type Netstatus = Readonly<Record<string, string | number | boolean>>

export interface ReportParams {
  readonly direction: 'publish' | 'play'
  /** Whose stream is played. */
  readonly userId?: string
  readonly netstatus: Netstatus
}

export interface SendMessageParams {
  /** null is everybody in the room. */
  readonly to: string | null
  readonly kind: MessageKind
  readonly data: string
}

/** A link for guests without a signature. */
export interface InviteParams {
  /** Default `anchor`. Guests never get more permissions than the inviting member. */
  readonly role?: RequestedRole
  /** Default DEFAULT_INVITE_MS. */
  readonly expireMs?: number
  /** How many guests it lets in; default 1. */
  readonly uses?: number
}

export interface InviteResult {
  /** The page of the room, with the invitation behind `#`. */
  readonly link: string
  readonly invite: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

export const requestedRole = oneOf<RequestedRole>(['anchor', 'audience'])
export const sessionId: Shape<string> = textUpTo(limits.resumeTokenLength, 1)
export const expiresAt = nullable(count)

/** PROTOCOL_VERSION. */
export const protocol: Shape<number> = (value, field) => {
  if (value === PROTOCOL_VERSION) return PROTOCOL_VERSION
  return new Mismatch(field, value, `${PROTOCOL_VERSION}`, Number.isInteger(value) ? 'PROTOCOL_VERSION' : 'BAD_REQUEST')
}

export const client = object<EnterParams['client']>({
  kind: oneOf<ClientKind>(['browser', 'miniprogram', 'other'], 'other'),
  version: textUpTo(limits.versionLength),
})

/** An empty text stands for an absent one: the properties of the Mini Program component begin as ''. */
export const optionalToken = optional(textUpTo(limits.tokenLength))

export const enterParams = object<EnterParams>({
  protocol,
  sdkAppId: optional(integer(0, 2 ** 32 - 1)),
  roomId,
  userId,
  userSig: optionalToken,
  privateMapKey: optionalToken,
  userName: optional(userName),
  role: optional(requestedRole),
  client,
})

export const streamSubscription = object<StreamSubscription>({
  userId,
  streamType: publishedStreamType,
  audio: boolean,
  video: boolean,
  maxWidth: optional(integer(1, limits.maxWidth)),
})

export const netstatus: Shape<Netstatus> = (value, field) => {
  const allowed = `an object of at most ${limits.netstatusFields} figures and short texts`
  if (!isObject(value)) return new Mismatch(field, value, allowed)
  const entries = Object.entries(value)
  if (entries.length > limits.netstatusFields) return new Mismatch(field, value, allowed)
  // Entries, not assignments: a field named __proto__ stays a field.
  const figures: [string, string | number | boolean][] = []
  for (const [name, figure] of entries) {
    if (name.length > limits.netstatusTextLength || !isFigure(figure)) return new Mismatch(field, value, allowed)
    figures.push([name, figure])
  }
  return Object.fromEntries(figures)
}

function isFigure(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return value.length <= limits.netstatusTextLength
  return typeof value === 'number' || typeof value === 'boolean'
}

export const data = text(`a text of at most ${limits.dataBytes} bytes`, (value) => {
  return value.length <= limits.dataBytes && utf8Length(value) <= limits.dataBytes
})

export const enterResult = object<EnterResult>({
  sessionId: sessionId,
  resumeToken: sessionId,
  room: roomInfo,
  self: object<EnterResult['self']>({ userId, role }),
  userList,
  audienceCount: count,
  push: optional(pushAddress),
  iceServers,
  heartbeatMs: integer(1, 2 ** 31 - 1),
  expiresAt,
  moved: optional(boolean),
})
