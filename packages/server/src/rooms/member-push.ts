import type { Grant, StreamEndReason } from '../auth/index.js'
import { DeviceMember } from './device-member.js'
import type { PushRequest } from './doors/push.js'
import { Expiry } from './expiry.js'
import type { ListedStream } from './media/listed-stream.js'
import { subjectOf, type MemberStream } from './media/member-stream.js'
import { LocalMember } from './local-member.js'
import { RemoteMember } from './network/remote-member.js'
import { maySend, type Kinds } from './model/policy.js'
import { RoomError } from './model/room-error.js'
import type { Room } from './room.js'
import type { RoomServices } from './services.js'

/** Admits the publisher of one stream of a member, or of a device. Throws RoomError. */
export function grantPush(room: Room, services: RoomServices, request: PushRequest): Grant {
  const { streamType, identity } = request
  const { userId, permissions, expiresAt } = identity
  const may = maySend(permissions, streamType)
  const present = room.member(userId)
  if (present?.role === 'audience')
    throw new RoomError('ROLE_FORBIDDEN', 'This user is in the audience of the room; become an anchor to publish.')
  if (present instanceof RemoteMember && present.told.sessionId !== undefined)
    return carriedPush(room, services, present, request)
  const member = present instanceof LocalMember ? present : deviceOf(room, services, request, present?.streams ?? [])
  return new MemberPush({ room, services, member, stream: member.openStream(streamType), may, expiresAt }).grant
}

/** Not yet in the room: it enters when media may flow. */
function deviceOf(
  room: Room,
  services: RoomServices,
  request: PushRequest,
  elsewhere: Iterable<ListedStream>,
): DeviceMember {
  if (room.member(request.identity.userId) === undefined) room.checkDevice()
  const { userName, kind, remoteAddress, identity } = request
  const { userId, permissions } = identity
  const epoch = room.epochOf(userId)
  const earlier = room.member(userId)
  const device = new DeviceMember({
    room,
    services,
    userId,
    userName,
    kind,
    permissions,
    remoteAddress,
    epoch,
    earlier,
  })
  // It was pushed to another node before: its players stay.
  for (const stream of elsewhere) device.borrow(stream)
  return device
}

/** Another node serves the member: it is told that its stream is published here. */
function carriedPush(room: Room, services: RoomServices, member: RemoteMember, request: PushRequest): Grant {
  const { identity, streamType } = request
  const stream = member.streamOf(streamType)
  if (stream === undefined)
    throw new RoomError(
      'CLUSTER_UNAVAILABLE',
      'The node that serves this user does not know the stream yet; push again.',
    )
  let end: ((reason: StreamEndReason) => void) | undefined
  let carried: (() => void) | undefined
  const expiry = new Expiry(services.clock, services.nowMs, {
    expiring: () => undefined,
    expired: () => end?.('expired'),
  })
  return {
    ...{ ok: true, key: stream.key, subject: subjectOf(stream.key) },
    opened: () => {
      carried ??= room.union?.carry(stream.key.name)
      expiry.set(identity.expiresAt)
    },
    closed: () => {
      expiry.close()
      carried?.()
      carried = undefined
    },
    onRevoked: (handler) => (end = handler),
  }
}

interface MemberPushOptions {
  readonly room: Room
  readonly services: RoomServices
  readonly member: LocalMember
  readonly stream: MemberStream
  readonly may: Kinds
  /** Of the signature, in Unix milliseconds. An encoder cannot renew it: it connects again with a new one. */
  readonly expiresAt: number | undefined
}

/** Permission for one connection to publish one stream of a member, for as long as its signature lasts. */
class MemberPush {
  readonly grant: Grant
  readonly #room: Room
  readonly #member: LocalMember
  readonly #stream: MemberStream
  readonly #may: Kinds
  readonly #expiresAt: number | undefined
  readonly #expiry: Expiry
  #end: ((reason: StreamEndReason) => void) | undefined
  #forget: () => void
  #isOpen = false
  #endedBy: StreamEndReason | undefined

  constructor({ room, services, member, stream, may, expiresAt }: MemberPushOptions) {
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

  /** False if the room is full meanwhile, or the user entered by another protocol. */
  #enter(device: DeviceMember): boolean {
    const present = this.#room.member(device.userId)
    if (present !== undefined && !(present instanceof RemoteMember)) return present === device
    try {
      if (present === undefined) this.#room.checkDevice()
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
    // Nothing ever flowed, or it was never admitted: no other member knows of it.
    if (this.#room.member(member.userId) !== member) member.close()
    this.#isOpen = false
  }
}
