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
import type { ClientKind, MessageKind, RequestedRole, WishedStream } from './model.js'
import type {
  Empty,
  EnterParams,
  EnterResult,
  MediaStateParams,
  MixParams,
  Netstatus,
  ParamsOf,
  RenewParams,
  ReportParams,
  RequestMethod,
  ResultOf,
  SendMessageParams,
  SubscribeParams,
} from './requests.js'
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

const empty: Shape<Empty> = object<Empty>({})
const onlyUser = object<{ readonly userId: string }>({ userId })
const onlyStreamType = object<ParamsOf<'media.unpublish'>>({ streamType: publishedStreamType })
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

const wishedStream = object<WishedStream>({
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

/** For each request the shape of its parameters. */
export const paramsShapes: { readonly [Method in RequestMethod]: Shape<ParamsOf<Method>> } = {
  'room.enter': enterParams,
  'room.resume': object<ParamsOf<'room.resume'>>({ resumeToken: id }),
  'room.ping': empty,
  'room.renew': object<RenewParams>({ userSig: token, privateMapKey: optionalToken }),
  'room.info': empty,
  'room.switchRole': object<ParamsOf<'room.switchRole'>>({ role: requestedRole }),
  'room.kick': object<ParamsOf<'room.kick'>>({ userId, banMs: optional(integer(0, limits.banMs)) }),
  'room.mute': object<ParamsOf<'room.mute'>>({ userId, kind: trackKind, muted: boolean }),
  'room.invite': object<ParamsOf<'room.invite'>>({
    role: optional(requestedRole),
    expireMs: optional(integer(1, limits.inviteMs)),
    uses: optional(integer(1, limits.inviteUses)),
  }),
  'room.disband': empty,
  'room.leave': empty,
  'mic.request': empty,
  'mic.withdraw': empty,
  'mic.answer': object<ParamsOf<'mic.answer'>>({ userId, accept: boolean }),
  'mic.remove': onlyUser,
  'media.publish': object<ParamsOf<'media.publish'>>({ sdp, tracks: list(publishedTrack, limits.publishedTracks) }),
  'media.unpublish': onlyStreamType,
  'media.pushAddress': onlyStreamType,
  'media.subscribe': object<SubscribeParams>({ streams: either(list(wishedStream, limits.subscribedStreams), all) }),
  'media.answer': object<ParamsOf<'media.answer'>>({ sdp, revision: count }),
  'media.candidate': object<ParamsOf<'media.candidate'>>({
    candidate: textUpTo(limits.candidateLength),
    target: oneOf(['publish', 'subscribe']),
  }),
  'media.restart': empty,
  'media.state': object<MediaStateParams>({ audio: boolean, video: boolean, streamType: publishedStreamType }),
  'media.mix': object<MixParams>({
    audio: boolean,
    video: boolean,
    audioOf: either(list(userId, limits.subscribedStreams), all),
  }),
  'media.report': object<ReportParams>({
    direction: oneOf(['publish', 'play']),
    userId: optional(userId),
    netstatus,
  }),
  'message.send': object<SendMessageParams>({
    to: nullable(userId),
    kind: oneOf<MessageKind>(['text', 'custom']),
    data,
  }),
}

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

/** For each request the shape of its result. */
export const resultShapes: { readonly [Method in RequestMethod]: Shape<ResultOf<Method>> } = {
  'room.enter': enterResult,
  'room.resume': enterResult,
  'room.ping': object<ResultOf<'room.ping'>>({ now: count }),
  'room.renew': object<ResultOf<'room.renew'>>({ expiresAt }),
  'room.info': roomInfo,
  'room.switchRole': object<ResultOf<'room.switchRole'>>({ push: optional(pushAddress) }),
  'room.kick': empty,
  'room.mute': empty,
  'room.invite': object<ResultOf<'room.invite'>>({
    link: textUpTo(limits.linkLength, 1),
    invite: id,
    expiresAt: count,
  }),
  'room.disband': empty,
  'room.leave': empty,
  'mic.request': empty,
  'mic.withdraw': empty,
  'mic.answer': empty,
  'mic.remove': empty,
  'media.publish': object<ResultOf<'media.publish'>>({ sdp }),
  'media.unpublish': empty,
  'media.pushAddress': pushAddress,
  'media.subscribe': empty,
  'media.answer': empty,
  'media.candidate': empty,
  'media.restart': empty,
  'media.state': empty,
  'media.mix': object<ResultOf<'media.mix'>>({ play: playAddresses }),
  'media.report': empty,
  'message.send': object<ResultOf<'message.send'>>({ messageId: id }),
}
