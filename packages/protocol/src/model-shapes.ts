import { isRoomId, isUserId } from './ids.js'
import { limits } from './limits.js'
import type {
  IceServer,
  MemberKind,
  OfferedTrack,
  PlayAddresses,
  PublishedStreamType,
  PublishedTrack,
  PushAddress,
  RemoteTrack,
  Role,
  RoomId,
  RoomInfo,
  StreamType,
  TrackKind,
  User,
  UserStream,
} from './model.js'
import {
  boolean,
  either,
  integer,
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
import { isShortLine } from './text.js'

/** Unix milliseconds, durations, counts. */
export const count: Shape<number> = integer(0, Number.MAX_SAFE_INTEGER)

export const roomId: Shape<RoomId> = (value, field) =>
  isRoomId(value)
    ? value
    : new Mismatch(
        field,
        value,
        'a number from 0 to 4294967295 or 1 to 64 characters of A-Z a-z 0-9 _ -',
        'BAD_ROOM_ID',
      )

export const userId: Shape<string> = (value, field) =>
  isUserId(value) ? value : new Mismatch(field, value, '1 to 32 characters of A-Z a-z 0-9 _ -', 'BAD_USER_ID')

export const userName: Shape<string> = text(
  `a text of at most ${limits.userNameLength} printable characters`,
  (value) => isShortLine(value, limits.userNameLength),
)

export const publishedStreamType = oneOf<PublishedStreamType>(['main', 'aux'])
export const streamType = oneOf<StreamType>(['main', 'aux', 'small'])
export const trackKind = oneOf<TrackKind>(['audio', 'video'])
export const sdp: Shape<string> = textUpTo(limits.sdpLength, 1)
const mid: Shape<string> = textUpTo(limits.midLength, 1)

export const publishedTrack: Shape<PublishedTrack> = object<PublishedTrack>({
  mid,
  streamType: publishedStreamType,
  kind: trackKind,
})

/** What a client accepts from its server: generously, because it chose the server, but within limits. */
const address: Shape<string> = textUpTo(2048)
const serverText: Shape<string> = textUpTo(1024)
const MAX_LISTED = 4096

export const role = oneOf<Role>(['owner', 'anchor', 'audience', 'device'], 'anchor')
const memberKind = oneOf<MemberKind>(['browser', 'miniprogram', 'other', 'rtmp', 'whip'], 'other')

export const sentence: Shape<string> = serverText
export const pushAddress: Shape<PushAddress> = object<PushAddress>({ rtmp: address })
export const playAddresses: Shape<PlayAddresses> = object<PlayAddresses>({
  rtmp: address,
  flv: address,
  wsFlv: address,
  whep: address,
})

const userStream: Shape<UserStream> = object<UserStream>({
  streamType,
  hasAudio: boolean,
  hasVideo: boolean,
  play: playAddresses,
})

export const user: Shape<User> = object<User>({
  userId,
  userName: serverText,
  kind: memberKind,
  role,
  streams: list(userStream, 8),
})
export const userList: Shape<readonly User[]> = list(user, MAX_LISTED)

export const roomInfo: Shape<RoomInfo> = object<RoomInfo>({
  roomId: textUpTo(limits.roomIdLength, 1),
  name: serverText,
  ownerId: nullable(userId),
  createdAt: count,
  anchors: count,
  audience: count,
  limits: object<RoomInfo['limits']>({ members: count, anchors: count }),
  recording: optional(boolean),
})

/** RTCIceServer lets a single address stand without a list. */
const urls: Shape<readonly string[]> = either(
  (value, field) =>
    typeof value === 'string' ? list(address, 1)([value], field) : new Mismatch(field, value, 'a text'),
  list(address, 16),
)
export const iceServers: Shape<readonly IceServer[]> = list(
  object<IceServer>({ urls, username: optional(serverText), credential: optional(serverText) }),
  16,
)

export const remoteTracks: Shape<readonly RemoteTrack[]> = list(
  object<RemoteTrack>({ userId, streamType: publishedStreamType, kind: trackKind }),
  MAX_LISTED,
)
export const offeredTracks: Shape<readonly OfferedTrack[]> = list(
  object<OfferedTrack>({ mid, userId, streamType: publishedStreamType, kind: trackKind }),
  MAX_LISTED,
)
