import { canonicalRoomId, isRoomId, isUserId, isUserName, type PublishedStreamType } from '@crossroom/protocol'
import type { EntryVerifier } from '../../auth/entry-verifier.js'
import type { Identity } from '../../auth/identity.js'
import type { Admission, Grant, Refusal, RefusalCode, StreamEndReason, StreamRequest } from '../../auth/index.js'
import { DeviceMember } from '../device-member.js'
import { Expiry } from '../expiry.js'
import type { Member } from '../member.js'
import type { MemberStream } from '../media/member-stream.js'
import { maySend, type Kinds } from '../model/policy.js'
import { refusal } from './refusal.js'
import type { Room } from '../room.js'
import { RoomError, type RoomErrorCode } from '../model/room-error.js'
import type { Rooms } from '../rooms.js'
import type { RoomServices } from '../services.js'

const BAD_ADDRESS =
  '/push/ROOM takes a room id of at most 64 and a userid of at most 32 of [A-Za-z0-9_-], a name of at most 64 printable characters, and streamtype=main or aux.'
const UINT32 = /^\d{1,10}$/

/** How a door without signaling says what rooms refuse. */
const REFUSALS: Readonly<Partial<Record<RoomErrorCode, readonly [RefusalCode, number]>>> = {
  BANNED: ['BANNED', 403],
  DRAINING: ['FULL', 503],
  ROOM_FULL: ['FULL', 503],
  ROOMS_FULL: ['FULL', 503],
  TOO_MANY_ANCHORS: ['FULL', 503],
  ROOM_NOT_FOUND: ['NOT_FOUND', 404],
}

/**
 * `/push/ROOM`: whoever the signature in the query (RTMP) or the bearer (WHIP) names publishes into the room, as the main or
 * aux stream of a member that is there, or as a device.
 */
export async function admitPush(request: StreamRequest, rooms: Rooms, verifier: EntryVerifier): Promise<Admission> {
  const streamType = streamTypeOf(request)
  const userId = request.query.get('userid')
  const userName = nameOf(request)
  const isNamed = (userId === undefined || isUserId(userId)) && (userName === undefined || isUserName(userName))
  if (!isRoomId(request.stream) || streamType === undefined || !isNamed) return refusal('BAD_NAME', BAD_ADDRESS, 400)
  const roomId = canonicalRoomId(request.stream)
  const admission = await admitIntoRoom(request, rooms, verifier, { roomId, streamType, userName })
  return admission.ok ? admission : { ...admission, loggedName: `push/${roomId}` }
}

async function admitIntoRoom(
  request: StreamRequest,
  rooms: Rooms,
  verifier: EntryVerifier,
  asked: Omit<Push, 'identity'>,
): Promise<Admission> {
  const identity = await verifier.verify(credentialsOf(request, asked.roomId))
  if ('code' in identity) return refuseEntry(identity)
  try {
    return grantPush(request, rooms, { ...asked, identity })
  } catch (error) {
    identity.notEntered?.()
    if (!(error instanceof RoomError)) throw error
    const [code, status] = REFUSALS[error.code] ?? (['DENIED', 403] as const)
    return refusal(code, error.message, status)
  }
}

interface Push {
  readonly roomId: string
  readonly streamType: PublishedStreamType
  /** What the others see; undefined: the user id. */
  readonly userName: string | undefined
  readonly identity: Identity
}

function grantPush(request: StreamRequest, rooms: Rooms, push: Push): Grant {
  const { roomId, streamType, identity } = push
  const { userId, permissions, expiresAt } = identity
  const may = maySend(permissions, streamType)
  if (!may.audio && !may.video)
    throw new RoomError('NO_PERMISSION', `The signature does not allow to send ${streamType}.`)
  const room = rooms.admit(roomId, userId, permissions, request.remoteAddress)
  const present = room.member(userId)
  if (present?.role === 'audience')
    throw new RoomError('ROLE_FORBIDDEN', 'This user is in the audience of the room; become an anchor to publish.')
  const member = present ?? deviceOf(request, rooms, room, push)
  const stream = member.openStream(streamType)
  return new PushGrant({ room, services: rooms.services, member, stream, may, expiresAt }).grant
}

/** Not yet in the room: it enters when media may flow. */
function deviceOf(request: StreamRequest, rooms: Rooms, room: Room, { identity, userName }: Push): DeviceMember {
  room.checkRoom(undefined, false)
  const kind = request.protocol === 'whip' ? 'whip' : 'rtmp'
  const { userId, permissions } = identity
  const { remoteAddress } = request
  return new DeviceMember({ room, services: rooms.services, userId, userName, kind, permissions, remoteAddress })
}

interface PushGrantOptions {
  readonly room: Room
  readonly services: RoomServices
  readonly member: Member
  readonly stream: MemberStream
  readonly may: Kinds
  /** Of the signature, in Unix milliseconds. An encoder cannot renew it: it connects again with a new one. */
  readonly expiresAt: number | undefined
}

/** Permission for one connection to publish one stream of a member, for as long as its signature lasts. */
class PushGrant {
  readonly grant: Grant
  readonly #room: Room
  readonly #member: Member
  readonly #stream: MemberStream
  readonly #may: Kinds
  readonly #expiresAt: number | undefined
  readonly #expiry: Expiry
  #end: ((reason: StreamEndReason) => void) | undefined
  #forget: () => void
  #isOpen = false
  #endedBy: StreamEndReason | undefined

  constructor({ room, services, member, stream, may, expiresAt }: PushGrantOptions) {
    this.#room = room
    this.#member = member
    this.#stream = stream
    this.#may = may
    this.#expiresAt = expiresAt
    this.#expiry = new Expiry(services.clock, services.nowMs, {
      expiring: () => undefined,
      expired: () => this.#revoke('expired'),
    })
    this.#forget = stream.addEncoder((reason) => this.#revoke(reason))
    const { key, subject } = stream
    this.grant = {
      ...{ ok: true, key, subject },
      opened: () => this.#open(),
      closed: (reason) => this.#close(reason),
      onRevoked: (end) => {
        this.#end = end
        if (this.#endedBy !== undefined) end(this.#endedBy)
      },
    }
  }

  #open(): void {
    if (this.#isOpen || this.#endedBy !== undefined) return
    this.#isOpen = true
    this.#expiry.set(this.#expiresAt)
    // What a browser announced of it before holds no longer.
    this.#stream.announce(undefined)
    if (!(this.#member instanceof DeviceMember)) return
    // It may be there by an earlier signature, which said something else.
    this.#stream.allow(this.#may)
    this.#member.pushOpened()
    if (!this.#enter(this.#member)) this.#revoke('kicked')
  }

  /** False when the room took no more meanwhile, or the user came by another door. */
  #enter(device: DeviceMember): boolean {
    const present = this.#room.member(device.userId)
    if (present !== undefined) return present === device
    try {
      this.#room.checkRoom(undefined, false)
    } catch {
      return false
    }
    this.#room.addDevice(device)
    return true
  }

  #revoke(reason: StreamEndReason): void {
    if (this.#endedBy !== undefined) return
    this.#endedBy = reason
    this.#end?.(reason)
  }

  #close(reason: StreamEndReason): void {
    const endedBy = (this.#endedBy ??= reason)
    this.#end = undefined
    this.#expiry.close()
    this.#forget()
    const member = this.#member
    if (!(member instanceof DeviceMember)) return
    if (this.#isOpen) member.pushClosed(endedBy)
    // Nothing ever flowed, or it was never let in: nobody else knows of it.
    if (this.#room.member(member.userId) !== member) member.close()
    this.#isOpen = false
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

/** Signatures that ran out are told from wrong ones; everything else is for the log of the encoder to read. */
function refuseEntry({ code, sentence }: { readonly code: string; readonly sentence: string }): Refusal {
  if (code.endsWith('_EXPIRED')) return refusal('EXPIRED', sentence, 401)
  if (code === 'TOO_MANY_FAILURES') return refusal('TOO_MANY_FAILURES', sentence, 429)
  return refusal('DENIED', sentence, 401)
}
