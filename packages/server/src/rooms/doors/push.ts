import { canonicalRoomId, isRoomId, isUserId, isUserName, type PublishedStreamType } from '@crossroom/protocol'
import type {
  Admission,
  EntryVerifier,
  Grant,
  Identity,
  Refusal,
  RefusalCode,
  StreamRequest,
} from '../../auth/index.js'
import { maySend } from '../model/policy.js'
import { RoomError, type RoomErrorCode } from '../model/room-error.js'
import { refusal } from './refusal.js'

const BAD_ADDRESS =
  '/push/ROOM takes a room id of at most 64 and a userid of at most 32 of [A-Za-z0-9_-], a name of at most 64 printable characters, and streamtype=main or aux.'
const UINT32 = /^\d{1,10}$/

/** Refusals of rooms, for protocols without signaling. */
const REFUSALS: Readonly<Partial<Record<RoomErrorCode, readonly [RefusalCode, number]>>> = {
  BANNED: ['BANNED', 403],
  DRAINING: ['FULL', 503],
  ROOM_FULL: ['FULL', 503],
  ROOMS_FULL: ['FULL', 503],
  TOO_MANY_ANCHORS: ['FULL', 503],
  ROOM_NOT_FOUND: ['NOT_FOUND', 404],
}

/** A verified user who publishes into a room. */
export interface PushRequest {
  /** Canonical: a number is its decimal string. */
  readonly roomId: string
  readonly streamType: PublishedStreamType
  /** Display name; undefined: the user id. */
  readonly userName: string | undefined
  readonly identity: Identity
  /** By which protocol. */
  readonly kind: 'rtmp' | 'whip'
  /** IP address without a port. */
  readonly remoteAddress: string
}

/** The entrance for publishers, wherever a room lives. */
export interface PushDirectory {
  /** Rejects with RoomError: BANNED, DRAINING, NO_PERMISSION, ROLE_FORBIDDEN, ROOM_FULL, ROOM_NOT_FOUND, ROOMS_FULL, TOO_MANY_ANCHORS. */
  push(request: PushRequest): Promise<Grant>
}

/**
 * `/push/ROOM`: the user of the signature in the query (RTMP) or the bearer token (WHIP) publishes into the room, as
 * the main or aux stream of a member, or as a device.
 */
export async function admitPush(
  request: StreamRequest,
  rooms: PushDirectory,
  verifier: EntryVerifier,
): Promise<Admission> {
  const streamType = streamTypeOf(request)
  const userId = request.query.get('userid')
  const userName = nameOf(request)
  const isNamed = (userId === undefined || isUserId(userId)) && (userName === undefined || isUserName(userName))
  if (!isRoomId(request.stream) || streamType === undefined || !isNamed) return refusal('BAD_NAME', BAD_ADDRESS, 400)
  const roomId = canonicalRoomId(request.stream)
  const kind = request.protocol === 'whip' ? 'whip' : 'rtmp'
  const { remoteAddress } = request
  const identity = await verifier.verify(credentialsOf(request, roomId))
  const admission =
    'code' in identity
      ? refuseEntry(identity)
      : await enterBy(rooms, { roomId, streamType, userName, identity, kind, remoteAddress })
  return admission.ok ? admission : { ...admission, loggedName: `push/${roomId}` }
}

async function enterBy(rooms: PushDirectory, push: PushRequest): Promise<Admission> {
  const { identity, streamType } = push
  try {
    const may = maySend(identity.permissions, streamType)
    if (!may.audio && !may.video)
      throw new RoomError('NO_PERMISSION', `The signature does not allow sending ${streamType}.`)
    return await rooms.push(push)
  } catch (error) {
    identity.notEntered?.()
    if (!(error instanceof RoomError)) throw error
    const [code, status] = REFUSALS[error.code] ?? (['DENIED', 403] as const)
    return refusal(code, error.message, status)
  }
}

function streamTypeOf({ query }: StreamRequest): PublishedStreamType | undefined {
  const streamType = query.get('streamtype') ?? 'main'
  return streamType === 'main' || streamType === 'aux' ? streamType : undefined
}

/** `&name=`; an empty one is none. */
function nameOf({ query }: StreamRequest): string | undefined {
  const name = query.get('name')?.trim() ?? ''
  return name === '' ? undefined : name
}

function credentialsOf({ query, bearer, remoteAddress }: StreamRequest, roomId: string) {
  const sdkAppId = query.get('sdkappid')
  return {
    roomId,
    remoteAddress,
    sdkAppId: sdkAppId !== undefined && UINT32.test(sdkAppId) ? Number(sdkAppId) : undefined,
    userId: query.get('userid'),
    userSig: bearer ?? query.get('usersig'),
    privateMapKey: query.get('privatemapkey'),
  }
}

/** Expired signatures have their own code; other codes appear in the encoder's log. */
function refuseEntry({ code, sentence }: { readonly code: string; readonly sentence: string }): Refusal {
  if (code.endsWith('_EXPIRED')) return refusal('EXPIRED', sentence, 401)
  if (code === 'TOO_MANY_FAILURES') return refusal('TOO_MANY_FAILURES', sentence, 429)
  return refusal('DENIED', sentence, 401)
}
