import type { ExitReason } from '@crossroom/protocol'
import { addressGroup, FairShare, roomLimits } from '../config/index.js'
import { Bans } from './model/bans.js'
import type { Grant } from '../auth/index.js'
import type { EnterRequest } from './doors/enter-request.js'
import { MediaTokens } from './media/media-tokens.js'
import { StreamLayers } from './media/stream-layers.js'
import { LocalMember } from './local-member.js'
import { grantPush } from './member-push.js'
import type { AddressBook, MemberConnection } from './view/member-connection.js'
import { Participant } from './participant.js'
import { Room } from './room.js'
import type { RoomHandlers } from './room-handlers.js'
import { RoomHolders } from './network/room-holders.js'
import { StreamPlaces } from './network/stream-places.js'
import type { PushRequest } from './doors/push.js'
import type { SessionClaim } from './model/membership.js'
import { RoomError } from './model/room-error.js'
import type { RoomMemberNews, RoomsCluster, RoomServices, RoomsOptions } from './services.js'

/** A user who enters, by any protocol. */
export type AdmissionRequest = Pick<EnterRequest, 'roomId' | 'identity' | 'remoteAddress'>

/** How many there are of each kind, for metrics. */
export interface RoomCounts {
  readonly rooms: number
  readonly participants: number
  readonly devices: number
}

const FORGOTTEN = 'The session has ended or never existed; enter the room again.'

/**
 * Every room of this process. A room is created by the first member with that permission, and deleted a minute after
 * the last one left.
 */
export class Rooms {
  readonly tokens: MediaTokens
  readonly layers: StreamLayers
  /** Of the streams that other nodes publish. */
  readonly places: StreamPlaces
  readonly bans = new Bans()
  readonly #services: RoomServices
  readonly #rooms = new Map<string, Room>()
  /** Shared by the creating addresses: no address can use up all rooms. */
  readonly #places = new FairShare(roomLimits.rooms)
  readonly #leaves = new Map<Room, () => void>()
  readonly #sessions = new Map<string, Participant>()
  #devices = 0
  #draining = false
  /** Those who come back are to go to another node. */
  #isLeaving = false

  constructor(options: RoomsOptions) {
    const { cluster, nowMs } = options
    this.places = new StreamPlaces(nowMs)
    const holders = new RoomHolders({
      places: this.places,
      visit: (roomId) => this.visit(roomId),
      get: (roomId) => this.get(roomId),
      isShared: (holder) => cluster?.network.isShared(holder) ?? Promise.resolve(false),
    })
    this.tokens = new MediaTokens({ ...options, cluster: cluster && { addresses: cluster.addresses, holders } })
    this.layers = new StreamLayers(options.hub)
    this.#services = {
      ...options,
      ...{ tokens: this.tokens, bans: this.bans, layers: this.layers, places: this.places },
      changedElsewhere: (roomId) => holders.changed(roomId),
    }
  }

  get counts(): RoomCounts {
    return { rooms: this.#rooms.size, participants: this.#sessions.size, devices: this.#devices }
  }

  /** In order of creation. */
  list(): Room[] {
    return [...this.#rooms.values()]
  }

  /** Absent on a single node. */
  get cluster(): RoomsCluster | undefined {
    return this.#services.cluster
  }

  get(roomId: string): Room | undefined {
    return this.#rooms.get(roomId)
  }

  /** The room that this user enters: at once where this node alone has rooms. Throws or rejects with RoomError. */
  admitAnywhere(request: AdmissionRequest): Room | Promise<Room> {
    return this.#services.cluster === undefined ? this.admit(request) : this.#admitKnown(request)
  }

  push(room: Room, request: PushRequest): Grant {
    return grantPush(room, this.#services, request)
  }

  /** A room that there is, on whatever node: at once where this node alone has rooms. Throws or rejects with ROOM_NOT_FOUND. */
  require(roomId: string): Room | Promise<Room> {
    const existing = (room: Room | undefined): Room => {
      if (room?.exists === true) return room
      throw new RoomError('ROOM_NOT_FOUND', 'There is no such room.')
    }
    return this.#services.cluster === undefined ? existing(this.get(roomId)) : this.visit(roomId).then(existing)
  }

  /** A room that this node may not have yet, with what other nodes tell of it: kept for a minute, or while it has members here. */
  async visit(roomId: string, remoteAddress = ''): Promise<Room> {
    const room = this.open(roomId, remoteAddress)
    room.visited()
    await room.union?.known
    return room
  }

  resume(resumeToken: string, connection: MemberConnection, addresses: AddressBook): Participant {
    if (this.#isLeaving && this.#services.cluster !== undefined) throw draining()
    const participant = this.session(resumeToken)
    if (participant === undefined) throw new RoomError('RESUME_FAILED', FORGOTTEN)
    participant.resumed(connection, addresses)
    return participant
  }

  /** Of this node. */
  session(resumeToken: string): Participant | undefined {
    const key = this.#services.cluster === undefined ? resumeToken : this.claimOf(resumeToken)?.sessionId
    return key === undefined ? undefined : this.#sessions.get(key)
  }

  /** What a resume token of any node says; undefined on a single node. */
  claimOf(resumeToken: string): SessionClaim | undefined {
    const claim = this.#services.cluster?.sessions.read(resumeToken)
    const isOver = claim?.expiresAt !== undefined && claim.expiresAt <= this.#services.nowMs()
    return isOver ? undefined : claim
  }

  /** The session of another node that may go on here. Rejects with RoomError. */
  async claimElsewhere(resumeToken: string): Promise<SessionClaim> {
    const claim = this.claimOf(resumeToken)
    const may = claim !== undefined && (await this.#mayGoOn(claim))
    if (!may) throw new RoomError('RESUME_FAILED', FORGOTTEN)
    return claim
  }

  /** It is a member of another node, or that node is gone and its members are awaited. */
  async #mayGoOn({ roomId, userId, sessionId, generation }: SessionClaim): Promise<boolean> {
    const room = await this.visit(roomId)
    const isMember = room.member(userId)?.sessionId === sessionId && room.generation === generation
    // Whoever is refused for good gives the membership up, and enters anew.
    if (!isMember && room.union?.isKnown === false)
      throw new RoomError('CLUSTER_UNAVAILABLE', 'What other nodes know of the room is not known yet.')
    return isMember
  }

  /** The same, when what other nodes know of the room is known as far as it can be. */
  async #admitKnown(request: AdmissionRequest): Promise<Room> {
    this.#checkEntry(request)
    const { roomId, identity, remoteAddress } = request
    const { network } = this.#services.cluster ?? {}
    const isHere = this.#rooms.get(roomId)?.member(identity.userId) instanceof LocalMember
    if (network?.isLost === true && !network.entersWhileLost && !isHere)
      throw new RoomError(
        'CLUSTER_UNAVAILABLE',
        'The nodes of the cluster cannot reach each other; try again in a few seconds.',
      )
    const room = await this.visit(roomId, remoteAddress)
    if ((await room.union?.isBanned(identity.userId)) === true) throw banned()
    return this.admit(request)
  }

  /** The room that this user enters, created if necessary. Throws RoomError. */
  admit(request: AdmissionRequest): Room {
    this.#checkEntry(request)
    const { roomId, identity, remoteAddress } = request
    const { userId, permissions } = identity
    const isPresent = this.#rooms.get(roomId)?.member(userId) !== undefined
    const nowMs = this.#services.nowMs()
    if (this.bans.has(nowMs, roomId, userId) || (!isPresent && this.bans.hasLinkOf(nowMs, roomId, userId)))
      throw banned()
    if (this.#services.mayEnter?.(roomId, userId) === false)
      throw new RoomError('NO_PERMISSION', 'Only users who accepted the call may enter its room.')
    if (!permissions.createRoom && this.#rooms.get(roomId)?.exists !== true)
      throw new RoomError('ROOM_NOT_FOUND', 'There is no such room, and the signature does not allow creating it.')
    return this.open(roomId, remoteAddress)
  }

  #checkEntry({ identity: { permissions } }: AdmissionRequest): void {
    if (this.#draining) throw draining()
    if (!permissions.enter) throw new RoomError('NO_PERMISSION', 'The signature does not allow entering this room.')
  }

  /**
   * The room, created if necessary: also ahead of users who may enter but not create it. A room that nobody enters is
   * deleted after a minute. Throws RoomError.
   */
  open(roomId: string, remoteAddress = ''): Room {
    const present = this.#rooms.get(roomId)
    if (present !== undefined) return present
    const leave = this.#places.take(addressGroup(remoteAddress))
    if (leave === undefined)
      throw new RoomError('ROOMS_FULL', 'The server has reached its limit of rooms, in total or for your address.')
    const room = new Room(roomId, this.#services, this.#handlers)
    this.#rooms.set(roomId, room)
    this.#leaves.set(room, leave)
    return room
  }

  /** Present members stay and may resume; no new one enters. */
  takeNobody(): void {
    this.#draining = true
  }

  /** Admits no new members and tells all to reconnect later; in a cluster it resolves when they are on other nodes. */
  drain(): void | Promise<void> {
    this.takeNobody()
    this.#isLeaving = true
    const handedOver = this.list().flatMap((room) => room.drain() ?? [])
    if (handedOver.length > 0) return Promise.all(handedOver).then(() => undefined)
  }

  /** At once. Members of a cluster are awaited on other nodes. */
  close(): void {
    this.takeNobody()
    for (const room of this.list())
      if (room.union?.hasOthers === true) room.abandon()
      else void room.drain()
  }

  readonly #handlers: RoomHandlers<Room> = {
    entered: (member) => this.#handleEntered(member),
    exited: (member, reason) => this.#handleExited(member, reason),
    over: (room) => {
      if (this.#rooms.get(room.id) === room) this.#rooms.delete(room.id)
      this.#leaves.get(room)?.()
      this.#leaves.delete(room)
      // When the server shuts down, members come back to the next one and find themselves recorded still.
      if (!this.#draining) this.#services.recorder?.()?.over(room.id)
    },
  }

  #handleEntered(member: LocalMember): void {
    if (member instanceof Participant) this.#sessions.set(member.resumeKey, member)
    else this.#devices++
    this.#services.log.info(namesOf(member), 'A member entered a room')
    this.#services.onMember?.(newsOf(member, 'here'))
  }

  /** A later one of the same key may be there already. */
  #endSession(member: Participant): void {
    if (this.#sessions.get(member.resumeKey) === member) this.#sessions.delete(member.resumeKey)
  }

  #handleExited(member: LocalMember, reason: ExitReason): void {
    if (member instanceof Participant) this.#endSession(member)
    else this.#devices--
    this.#services.log.info({ ...namesOf(member), reason }, 'A member left a room')
    this.#services.onMember?.(newsOf(member, 'gone'))
  }
}

function draining(): RoomError {
  return new RoomError('DRAINING', 'The server is shutting down; try again in a few seconds.')
}

function newsOf({ room, userId, userName }: LocalMember, is: RoomMemberNews['is']): RoomMemberNews {
  return { roomId: room.id, userId, userName, is }
}

function banned(): RoomError {
  return new RoomError('BANNED', 'You were removed from this room and cannot return yet.')
}

function namesOf({ room, userId, kind, role, remoteAddress }: LocalMember): Record<string, string> {
  return { room: room.id, user: userId, kind, role, remoteAddress }
}
