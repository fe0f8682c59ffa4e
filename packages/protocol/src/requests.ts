import { limits, PROTOCOL_VERSION } from './limits.js'
import {
  count,
  iceServers,
  playAddresses,
  publishedStreamType,
  publishedTrack,
  pushAddress,
  role,
  roomId,
  roomInfo,
  sdp,
  trackKind,
  userId,
  userList,
  userName,
} from './model-shapes.js'
import type {
  ClientKind,
  IceServer,
  MessageKind,
  PlayAddresses,
  PublishedStreamType,
  PublishedTrack,
  PushAddress,
  RequestedRole,
  Role,
  RoomId,
  RoomInfo,
  TrackKind,
  User,
  StreamSubscription,
} from './model.js'
import {
  boolean,
  either,
  integer,
  isObject,
  list,
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

/** What LiteAV measured, name to figure, as `bindnetstatus` tells it. */
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

/** A link for guests who have no signature of their own. */
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

const empty: Shape<Empty> = object<Empty>({})
const onlyUser = object<{ readonly userId: string }>({ userId })
const onlyStreamType = object<{ readonly streamType: PublishedStreamType }>({ streamType: publishedStreamType })
const requestedRole = oneOf<RequestedRole>(['anchor', 'audience'])
const token: Shape<string> = textUpTo(limits.tokenLength, 1)
const all = oneOf(['all'])
const id: Shape<string> = textUpTo(limits.resumeTokenLength, 1)
const expiresAt = nullable(count)

const protocol: Shape<number> = (value, field) => {
  if (value === PROTOCOL_VERSION) return PROTOCOL_VERSION
  return new Mismatch(field, value, `${PROTOCOL_VERSION}`, Number.isInteger(value) ? 'PROTOCOL_VERSION' : 'BAD_REQUEST')
}

/** An empty text stands for an absent one: the properties of the Mini Program component begin as ''. */
const optionalToken = optional(textUpTo(limits.tokenLength))

const enterParams = object<EnterParams>({
  protocol,
  sdkAppId: optional(integer(0, 2 ** 32 - 1)),
  roomId,
  userId,
  userSig: optionalToken,
  privateMapKey: optionalToken,
  userName: optional(userName),
  role: optional(requestedRole),
  client: object<EnterParams['client']>({
    kind: oneOf<ClientKind>(['browser', 'miniprogram', 'other'], 'other'),
    version: textUpTo(limits.versionLength),
  }),
})

const streamSubscription = object<StreamSubscription>({
  userId,
  streamType: publishedStreamType,
  audio: boolean,
  video: boolean,
  maxWidth: optional(integer(1, limits.maxWidth)),
})

const netstatus: Shape<Netstatus> = (value, field) => {
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

const data = text(`a text of at most ${limits.dataBytes} bytes`, (value) => {
  return value.length <= limits.dataBytes && utf8Length(value) <= limits.dataBytes
})

const enterResult = object<EnterResult>({
  sessionId: id,
  resumeToken: id,
  room: roomInfo,
  self: object<EnterResult['self']>({ userId, role }),
  userList,
  audienceCount: count,
  push: optional(pushAddress),
  iceServers,
  heartbeatMs: integer(1, 2 ** 31 - 1),
  expiresAt,
})

/** One request: whom it is for, what it takes and what it answers. */
interface RequestRule<Params, Result> {
  /** A device has no socket to ask by. */
  readonly roles: readonly Role[]
  readonly params: Shape<Params>
  readonly result: Shape<Result>
}

function request<Params, Result>(
  roles: readonly Role[],
  params: Shape<Params>,
  result: Shape<Result>,
): RequestRule<Params, Result> {
  return { roles, params, result }
}

/** For clients outside a room: these requests create a member. */
const STRANGERS: readonly Role[] = []
const MEMBERS: readonly Role[] = ['owner', 'anchor', 'audience']
const SENDERS: readonly Role[] = ['owner', 'anchor']
const OWNER: readonly Role[] = ['owner']
const AUDIENCE: readonly Role[] = ['audience']

/**
 * Every request that a client sends. Types, validators and checks of roles come from here; the server's handler is the
 * other place that a new request is written in.
 */
export const requests = {
  'room.enter': request(STRANGERS, enterParams, enterResult),
  'room.resume': request(STRANGERS, object<{ readonly resumeToken: string }>({ resumeToken: id }), enterResult),
  'room.ping': request(MEMBERS, empty, object<{ readonly now: number }>({ now: count })),
  'room.renew': request(
    MEMBERS,
    object<RenewParams>({ userSig: token, privateMapKey: optionalToken }),
    object<{ readonly expiresAt: number | null }>({ expiresAt }),
  ),
  'room.info': request(MEMBERS, empty, roomInfo),
  'room.switchRole': request(
    MEMBERS,
    object<{ readonly role: RequestedRole }>({ role: requestedRole }),
    object<{ readonly push?: PushAddress }>({ push: optional(pushAddress) }),
  ),
  'room.leave': request(MEMBERS, empty, empty),
  /** `banMs` is DEFAULT_BAN_MS when absent. */
  'room.kick': request(
    OWNER,
    object<{ readonly userId: string; readonly banMs?: number }>({ userId, banMs: optional(integer(0, limits.banMs)) }),
    empty,
  ),
  'room.mute': request(
    OWNER,
    object<{ readonly userId: string; readonly kind: TrackKind; readonly muted: boolean }>({
      userId,
      kind: trackKind,
      muted: boolean,
    }),
    empty,
  ),
  'room.invite': request(
    OWNER,
    object<InviteParams>({
      role: optional(requestedRole),
      expireMs: optional(integer(1, limits.inviteMs)),
      uses: optional(integer(1, limits.inviteUses)),
    }),
    object<InviteResult>({ link: textUpTo(limits.linkLength, 1), invite: id, expiresAt: count }),
  ),
  'room.disband': request(OWNER, empty, empty),
  'mic.request': request(AUDIENCE, empty, empty),
  /** Withdraws a request; does nothing without one. A member that was just accepted may still withdraw. */
  'mic.withdraw': request(MEMBERS, empty, empty),
  'mic.answer': request(
    OWNER,
    object<{ readonly userId: string; readonly accept: boolean }>({ userId, accept: boolean }),
    empty,
  ),
  'mic.remove': request(OWNER, onlyUser, empty),
  /** `sdp` is an offer; `tracks` is the whole list of what the connection publishes. */
  'media.publish': request(
    SENDERS,
    object<{ readonly sdp: string; readonly tracks: readonly PublishedTrack[] }>({
      sdp,
      tracks: list(publishedTrack, limits.publishedTracks),
    }),
    object<{ readonly sdp: string }>({ sdp }),
  ),
  'media.unpublish': request(SENDERS, onlyStreamType, empty),
  'media.pushAddress': request(SENDERS, onlyStreamType, pushAddress),
  'media.state': request(
    SENDERS,
    object<MediaStateParams>({ audio: boolean, video: boolean, streamType: publishedStreamType }),
    empty,
  ),
  'media.subscribe': request(
    MEMBERS,
    object<SubscribeParams>({ streams: either(list(streamSubscription, limits.subscribedStreams), all) }),
    empty,
  ),
  'media.answer': request(
    MEMBERS,
    object<{ readonly sdp: string; readonly revision: number }>({ sdp, revision: count }),
    empty,
  ),
  'media.candidate': request(
    MEMBERS,
    object<{ readonly candidate: string; readonly target: 'publish' | 'subscribe' }>({
      candidate: textUpTo(limits.candidateLength),
      target: oneOf(['publish', 'subscribe']),
    }),
    empty,
  ),
  'media.restart': request(MEMBERS, empty, empty),
  'media.mix': request(
    MEMBERS,
    object<MixParams>({
      audio: boolean,
      video: boolean,
      audioOf: either(list(userId, limits.subscribedStreams), all),
    }),
    object<{ readonly play: PlayAddresses }>({ play: playAddresses }),
  ),
  'media.report': request(
    MEMBERS,
    object<ReportParams>({ direction: oneOf(['publish', 'play']), userId: optional(userId), netstatus }),
    empty,
  ),
  'message.send': request(
    MEMBERS,
    object<SendMessageParams>({ to: nullable(userId), kind: oneOf<MessageKind>(['text', 'custom']), data }),
    object<{ readonly messageId: string }>({ messageId: id }),
  ),
}

type Rules = typeof requests
type Accepted<T> = T extends Shape<infer Value> ? Value : never

/** Method to its parameters and its result. */
export type Requests = {
  readonly [Method in keyof Rules]: {
    readonly params: Accepted<Rules[Method]['params']>
    readonly result: Accepted<Rules[Method]['result']>
  }
}

export type RequestMethod = keyof Requests
export type ParamsOf<Method extends RequestMethod> = Requests[Method]['params']
export type ResultOf<Method extends RequestMethod> = Requests[Method]['result']

/** Whether a member with this role may send the request. */
export function mayRequest(role: Role, method: RequestMethod): boolean {
  return requests[method].roles.includes(role)
}
