import {
  blockParams,
  callAddParams,
  callAndReason,
  callInviteParams,
  callMediaParams,
  callResult,
  onlineParams,
  onlineResult,
  onlyCall,
} from './call-shapes.js'
import { limits } from './limits.js'
import {
  count,
  playAddresses,
  publishedStreamType,
  publishedTrack,
  pushAddress,
  roomInfo,
  sdp,
  trackKind,
  userId,
} from './model-shapes.js'
import type {
  MessageKind,
  PlayAddresses,
  PublishedStreamType,
  PublishedTrack,
  PushAddress,
  RequestedRole,
  Role,
  TrackKind,
} from './model.js'
import {
  data,
  enterParams,
  enterResult,
  expiresAt,
  netstatus,
  optionalToken,
  requestedRole,
  sessionId,
  streamSubscription,
  type Empty,
  type InviteParams,
  type InviteResult,
  type MediaStateParams,
  type MixParams,
  type RenewParams,
  type ReportParams,
  type SendMessageParams,
  type SubscribeParams,
} from './request-shapes.js'
import { boolean, either, integer, list, nullable, object, oneOf, optional, textUpTo, type Shape } from './shape.js'

const empty: Shape<Empty> = object<Empty>({})
const onlyUser = object<{ readonly userId: string }>({ userId })
const onlyStreamType = object<{ readonly streamType: PublishedStreamType }>({ streamType: publishedStreamType })
const all = oneOf(['all'])

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

/** For clients outside a room: these requests create a member, or concern no room. */
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
  'room.resume': request(STRANGERS, object<{ readonly resumeToken: string }>({ resumeToken: sessionId }), enterResult),
  'room.ping': request(MEMBERS, empty, object<{ readonly now: number }>({ now: count })),
  'room.renew': request(
    MEMBERS,
    object<RenewParams>({ userSig: textUpTo(limits.tokenLength, 1), privateMapKey: optionalToken }),
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
    object<InviteResult>({ link: textUpTo(limits.linkLength, 1), invite: sessionId, expiresAt: count }),
  ),
  /** Starts or ends the owner's recording of the room. */
  'room.record': request(OWNER, object<{ readonly recording: boolean }>({ recording: boolean }), empty),
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
    object<{ readonly messageId: string }>({ messageId: sessionId }),
  ),
  /** The user can be called on this socket, in a room or not. */
  'user.online': request(STRANGERS, onlineParams, onlineResult),
  /** Whether calls of that user ring. */
  'user.block': request(STRANGERS, blockParams, empty),
  'call.invite': request(STRANGERS, callInviteParams, callResult),
  'call.accept': request(STRANGERS, onlyCall, callResult),
  /** Enters a call that goes on, after a missed or rejected ring, or again. */
  'call.join': request(STRANGERS, onlyCall, callResult),
  'call.reject': request(STRANGERS, callAndReason, empty),
  'call.cancel': request(STRANGERS, callAndReason, empty),
  'call.hangup': request(STRANGERS, callAndReason, empty),
  'call.add': request(STRANGERS, callAddParams, callResult),
  'call.media': request(STRANGERS, callMediaParams, empty),
}

/** Requests of a user who is online, whatever room the socket is in. */
export type CallMethod = Extract<RequestMethod, `call.${string}` | `user.${string}`>

export function isCallMethod(method: RequestMethod): method is CallMethod {
  return method.startsWith('call.') || method.startsWith('user.')
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
