import { call, callEndReason, callId, callRefusal } from './call-shapes.js'
import { limits } from './limits.js'
import { count, offeredTracks, publishedStreamType, remoteTracks, role, sentence } from './model-shapes.js'
import { streamType, trackKind, user, userId, userList } from './model-shapes.js'
import type { MessageKind, NetworkQuality } from './model.js'
import type {
  CloseReason,
  ExitReason,
  MediaAvailable,
  NotificationMethod,
  NotificationParams as Params,
  OfferParams,
  PublishedParams,
  PublishState,
  ReceivedMessage,
} from './notifications.js'
import { boolean, integer, list, nullable, object, oneOf, optional, textUpTo, type Shape } from './shape.js'

const MAX_LEVELS = 4096

const mediaAvailable = object<MediaAvailable>({ userId, streamType, available: boolean })
const exitReason = oneOf<ExitReason>(
  ['left', 'lost', 'kicked', 'replaced', 'disbanded', 'expired', 'audience'],
  // A reason that a newer server may add: the member is gone all the same.
  'left',
)
const quality = oneOf<NetworkQuality>([0, 1, 2, 3, 4, 5, 6], 0)
const by = optional(userId)
/** The server's own programs may send without a sender. */
const sender = textUpTo(limits.userIdLength)

/** For each notification the shape of its parameters. */
export const notificationShapes: { readonly [Method in NotificationMethod]: Shape<Params<Method>> } = {
  'room.userList': object<Params<'room.userList'>>({ userList, audienceCount: count }),
  'room.userEnter': object<Params<'room.userEnter'>>({ user }),
  'room.userExit': object<Params<'room.userExit'>>({ userId, reason: exitReason }),
  'room.videoState': mediaAvailable,
  'room.audioState': mediaAvailable,
  'room.roleChanged': object<Params<'room.roleChanged'>>({ userId, role, by }),
  'room.muted': object<Params<'room.muted'>>({ userId, kind: trackKind, muted: boolean, by }),
  'room.recording': object<Params<'room.recording'>>({ recording: boolean }),
  'mic.requested': object<Params<'mic.requested'>>({ userId, userName: sentence }),
  'mic.withdrawn': object<Params<'mic.withdrawn'>>({ userId }),
  'mic.answered': object<Params<'mic.answered'>>({ userId, accepted: boolean, by }),
  'room.expiring': object<Params<'room.expiring'>>({ expiresAt: count }),
  'room.closed': object<Params<'room.closed'>>({
    reason: oneOf<CloseReason>(['kicked', 'replaced', 'disbanded', 'expired', 'drain']),
    retryAfterMs: optional(count),
  }),
  'media.published': object<PublishedParams>({
    streamType: publishedStreamType,
    state: oneOf<PublishState>(['live', 'stalled', 'ended', 'refused']),
    hasAudio: boolean,
    hasVideo: boolean,
    reason: optional(sentence),
  }),
  'media.offer': object<OfferParams>({
    sdp: textUpTo(limits.serverMessageBytes, 1),
    revision: count,
    tracks: offeredTracks,
    skipped: optional(remoteTracks),
  }),
  'media.levels': object<Params<'media.levels'>>({
    levels: list(object<Params<'media.levels'>['levels'][number]>({ userId, level: integer(0, 100) }), MAX_LEVELS),
  }),
  'media.quality': object<Params<'media.quality'>>({ userId, uplink: quality, downlink: quality }),
  'media.rotation': object<Params<'media.rotation'>>({ userId, streamType, rotation: oneOf([0, 90, 180, 270]) }),
  'message.received': object<ReceivedMessage>({
    messageId: textUpTo(limits.resumeTokenLength, 1),
    from: sender,
    fromName: optional(sentence),
    to: nullable(userId),
    kind: oneOf<MessageKind>(['text', 'custom']),
    data: textUpTo(limits.dataBytes),
    at: count,
  }),
  'call.ringing': object<Params<'call.ringing'>>({ call }),
  'call.accepted': object<Params<'call.accepted'>>({ callId, userId }),
  'call.rejected': object<Params<'call.rejected'>>({
    callId,
    userId,
    reason: callRefusal,
    data: optional(textUpTo(limits.reasonLength)),
  }),
  'call.ended': object<Params<'call.ended'>>({ callId, reason: callEndReason, by }),
  'call.changed': object<Params<'call.changed'>>({ call }),
}
