import type {
  ClientKind,
  CloseReason,
  MediaAvailable,
  NotificationMethod,
  NotificationParams,
  ParamsOf,
  PublishedStreamType,
  PublishState,
  PushAddress,
  ResultOf,
  TrackKind,
} from '@crossroom/protocol'
import { mayRequest } from '@crossroom/protocol'
import type { Identity, Permissions } from '../auth/index.js'
import { roomLimits } from '../config/index.js'
import type { EnterRequest } from './doors/enter-request.js'
import { Expiry } from './expiry.js'
import type { MemberMediaHandlers } from './media/media-gateway.js'
import { LocalMember, type LocalMemberOptions } from './local-member.js'
import type { Member } from './member.js'
import { handleRequest, type ParticipantRoom, type Requester } from './request-handlers.js'
import { addressesFor, type AddressBook, type MemberConnection } from './view/member-connection.js'
import { EMPTY_LIST, rotationOf, type ListChange, type MemberList } from './view/member-list.js'
import type { MemberStream } from './media/member-stream.js'
import { MicRequests } from './view/mic-requests.js'
import { NetworkReports } from './view/network-reports.js'
import { ParticipantMedia } from './view/participant-media.js'
import type { MemberMethod, RequestAnswer, RoomEnterResult } from './doors/participant-requests.js'
import type { EarlierMembership, SessionClaim } from './model/membership.js'
import { mayReceive, type Kinds } from './model/policy.js'
import { PublishedStates } from './view/published-states.js'
import { Receiver } from './view/receiver.js'
import { RoomError } from './model/room-error.js'

export interface ParticipantOptions extends LocalMemberOptions {
  readonly earlier: EarlierMembership | undefined
  readonly room: HomeRoom
}

/** The room of a participant. */
interface HomeRoom extends ParticipantRoom {
  readonly generation: number
  tellMicRequests(participant: Participant): void
}

/** A member with a socket, or whose socket may still return. */
export class Participant extends LocalMember implements Requester {
  declare readonly room: HomeRoom
  readonly sessionId: string
  readonly #resumeToken: string
  #addresses: AddressBook
  readonly receiver: Receiver
  readonly media: ParticipantMedia
  readonly #expiry: Expiry
  /** Tokens. */
  readonly #pushes = new Map<PublishedStreamType, string>()
  readonly #published = new PublishedStates((params) => this.notify('media.published', params))
  /** As an owner. */
  readonly micRequests = new MicRequests(this)
  readonly network: NetworkReports
  #connection: MemberConnection | undefined
  #expiresAt: number | undefined
  /** The list that this participant knows. */
  #told: MemberList = EMPTY_LIST
  /** Its own mutes that it knew when its socket was lost. */
  #knownMutes: Kinds = { audio: false, video: false }
  #cancelGone: (() => void) | undefined
  #closed = false
  #hasMoved = false

  constructor(options: ParticipantOptions, { identity, connection, addresses }: EnterRequest) {
    super(options)
    const { userId, permissions, remoteAddress, services, room } = options
    const { tokens, clock, nowMs, newId, mediaGateway: gateway } = services
    this.sessionId = options.earlier?.sessionId ?? newId()
    this.#resumeToken = newId()
    this.#addresses = addressesFor(options.kind, addresses)
    this.#connection = connection
    const shared = { userId, roomId: room.id }
    this.receiver = new Receiver({
      ...shared,
      holder: this.sessionId,
      permissions,
      tokens,
      addresses: this.#addresses,
    })
    const target = (streamType: PublishedStreamType) => {
      const { key, subject } = this.openStream(streamType)
      return { key, subject }
    }
    const handlers = this.#mediaHandlers
    const receiver = this.receiver
    this.media = new ParticipantMedia({ ...shared, gateway, remoteAddress, receiver, target, handlers })
    this.#expiry = new Expiry(clock, nowMs, {
      expiring: (expiresAt) => this.notify('room.expiring', { expiresAt }),
      expired: () => this.end('expired'),
    })
    this.network = new NetworkReports(clock, (quality) => this.#tellQuality({ userId, ...quality }))
    this.#setExpiry(identity.expiresAt)
  }

  get addresses(): AddressBook {
    return this.#addresses
  }

  get roomId(): string {
    return this.room.id
  }

  get isConnected(): boolean {
    return this.#connection !== undefined
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    this.#connection?.notify(method, params)
  }

  /** The server ends the session, with a reason. */
  end(reason: Exclude<CloseReason, 'drain'>): void {
    this.hangUp(reason)
    this.room.exit(this, reason)
  }

  /** Closes the socket with a reason; the membership is handled elsewhere. */
  hangUp(reason: CloseReason, extra?: { readonly retryAfterMs: number }): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.close(reason, extra)
  }

  /** The same session goes on on another node: what it opened here stays. */
  moved(): void {
    this.#hasMoved = true
  }

  /** The same member by a new socket. */
  resumed(connection: MemberConnection, addresses: AddressBook): void {
    this.#addresses = addressesFor(this.kind, addresses)
    this.receiver.readdress(this.#addresses)
    const old = this.#connection
    this.#connection = connection
    this.#cancelGone?.()
    this.#cancelGone = undefined
    old?.close('resumed')
    const known = this.#told
    // A browser does not find its new network by itself. The answer to `room.resume` goes first.
    this.services.clock.after(0, () => {
      this.#moveMedia(() => this.media.restart())
      this.#published.tellAgain()
      this.room.tellMicRequests(this)
      this.catchUp(this.room.list, known)
    })
  }

  lost(): void {
    if (this.#connection === undefined || this.#closed) return
    this.#connection = undefined
    this.#knownMutes = this.mutedByOthers
    this.#cancelGone = this.services.clock.after(roomLimits.resumeMicros, () => this.room.exit(this, 'lost'))
  }

  override close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#connection = undefined
    this.#cancelGone?.()
    this.#expiry.close()
    this.network.close()
    this.media.close()
    this.room.mixes.drop(this.sessionId)
    this.closeStreams()
    if (this.#hasMoved) this.services.tokens.entrust(this.sessionId)
    else this.services.tokens.revokeHolder(this.sessionId)
  }

  /** Updates the participant: `changeFrom` returns the changes since its last list. */
  update(list: MemberList, changeFrom: (told: MemberList) => ListChange): void {
    this.#moveMedia(() => this.media.update(list, this.room.speakers))
    this.#published.refresh(this.streams)
    if (this.#connection === undefined || this.#told === list) return
    const change = changeFrom(this.#told)
    this.#told = list
    for (const exit of change.exits) if (exit.userId !== this.userId) this.notify('room.userExit', exit)
    for (const member of change.enters)
      if (member.userId !== this.userId) this.notify('room.userEnter', { user: this.receiver.userOf(member) })
    for (const { kind, state } of change.states)
      if (state.userId !== this.userId && this.receiver.may(state.streamType)[kind]) this.#notifyState(kind, state)
    for (const rotation of change.rotations)
      if (rotation.userId !== this.userId && this.receiver.may(rotation.streamType).video)
        this.notify('media.rotation', rotation)
    this.tellList(list)
  }

  tellList(list: MemberList): void {
    const { audienceCount } = this.room
    this.notify('room.userList', { userList: this.receiver.usersOf(list), audienceCount })
  }

  /**
   * State that lists do not contain: rotated video, and the member's own muted media. `known`: the list from before an
   * absence, in which either may have ended.
   */
  catchUp(list: MemberList, known?: MemberList): void {
    const { userId, mutedByOthers } = this
    for (const kind of ['audio', 'video'] as const)
      if (mutedByOthers[kind] || this.#knownMutes[kind])
        this.notify('room.muted', { userId, kind, muted: mutedByOthers[kind] })
    this.#knownMutes = mutedByOthers
    this.#tellRotations(list, known)
  }

  enterResult(): RoomEnterResult {
    const { list, audienceCount } = this.room
    this.#told = list
    const { sessionId, resumeToken, userId, role } = this
    const userList = this.receiver.usersOf(list)
    const expiresAt = this.#expiresAt ?? null
    const { cluster } = this.services
    const heartbeatMs = cluster === undefined ? roomLimits.heartbeatMs : roomLimits.clusterHeartbeatMs
    const room = this.room.info()
    return {
      ...{ sessionId, resumeToken, room, self: { userId, role }, userList, audienceCount, heartbeatMs, expiresAt },
      ...this.ownPush(),
    }
  }

  get resumeToken(): string {
    return this.services.cluster?.sessions.write(this.#claim) ?? this.#resumeToken
  }

  /** What a resume is found by: in a cluster the token is sealed and says the session. */
  get resumeKey(): string {
    return this.services.cluster === undefined ? this.#resumeToken : this.sessionId
  }

  get #claim(): SessionClaim {
    const { userId, userName, role, sessionId, mediaId, epoch, permissions, roomId } = this
    const { generation } = this.room
    const kind = this.kind as ClientKind
    const expiresAt = this.#expiresAt
    return { roomId, userId, userName, kind, role, permissions, sessionId, mediaId, generation, epoch, expiresAt }
  }

  leave(): void {
    this.#connection = undefined
    this.room.exit(this, 'left')
  }

  request<Method extends MemberMethod>(method: Method, params: ParamsOf<Method>): RequestAnswer<Method> {
    if (this.#closed) throw new RoomError('USER_NOT_FOUND', 'You are no longer in the room.')
    if (!mayRequest(this.role, method))
      throw new RoomError('ROLE_FORBIDDEN', `${method} is not for your role, which is ${this.role}.`)
    return handleRequest(this, method, params)
  }

  renewed({ permissions, expiresAt }: Identity): ResultOf<'room.renew'> {
    this.#setExpiry(expiresAt)
    this.setPermissions(permissions)
    const before = this.receiver.permissions
    if (this.receiver.renew(permissions)) this.#tellReceived(before)
    return { expiresAt: expiresAt ?? null }
  }

  /** It may no longer send. */
  stopSending(): void {
    this.media.unpublish('main')
    this.media.unpublish('aux')
    this.closeStreams()
    this.services.tokens.revokeHolder(this.sessionId, 'publish')
    this.#pushes.clear()
    this.#published.forget()
  }

  override handlePublished(stream: MemberStream, state: Exclude<PublishState, 'refused'>): void {
    this.#published.handleState(stream, state)
  }

  readonly #mediaHandlers: MemberMediaHandlers = {
    offer: (offer) => this.notify('media.offer', offer),
    refused: (streamType, reason) => this.#published.handleRefused(streamType, reason),
    quality: (uplink, downlink) => this.network.handleQuality(uplink, downlink),
  }

  /** It may have more or less of the same room than under the permissions before, and by other addresses. */
  #tellReceived(before: Permissions): void {
    const { list, speakers, mixes } = this.room
    mixes.drop(this.sessionId)
    this.media.update(list, speakers)
    for (const { userId, layers } of this.#told.values()) {
      if (userId === this.userId) continue
      for (const { streamType, kinds } of layers)
        for (const kind of ['video', 'audio'] as const) {
          const available = this.receiver.may(streamType)[kind]
          if (kinds[kind] && available !== mayReceive(before, streamType)[kind])
            this.#notifyState(kind, { userId, streamType, available })
        }
    }
    this.#tellRotations(list)
    this.tellList(list)
  }

  #tellRotations(list: MemberList, known?: MemberList): void {
    for (const { userId, layers } of list.values())
      for (const { streamType, rotation } of layers) {
        const isUpright = rotation === 0 && rotationOf(known?.get(userId)?.layers, streamType) === 0
        if (!isUpright && userId !== this.userId && this.receiver.may(streamType).video)
          this.notify('media.rotation', { userId, streamType, rotation })
      }
  }

  #notifyState(kind: TrackKind, state: MediaAvailable): void {
    this.notify(kind === 'video' ? 'room.videoState' : 'room.audioState', state)
  }

  /** For timers, in which an engine fault would affect all: this member loses its media until the next change. */
  #moveMedia(work: () => void): void {
    try {
      work()
    } catch (error) {
      const { userId, roomId, services } = this
      services.log.error({ room: roomId, user: userId, error }, 'The media of a member could not be updated')
    }
  }

  #setExpiry(expiresAt: number | undefined): void {
    this.#expiresAt = expiresAt
    this.#expiry.set(expiresAt)
  }

  /** Phones and programs push by RTMP; browsers cannot. */
  ownPush(): { readonly push?: PushAddress } {
    return this.isListed && this.kind !== 'browser' ? { push: this.pushOf('main') } : {}
  }

  pushOf(streamType: PublishedStreamType): PushAddress {
    const token = this.#pushes.get(streamType) ?? this.#issuePush(streamType)
    return { rtmp: this.#addresses.push(token) }
  }

  #issuePush(streamType: PublishedStreamType): string {
    const { key, subject } = this.openStream(streamType)
    const { userId, roomId } = this
    const scope = { action: 'publish', roomId, holder: this.sessionId, userId, streamType, key, subject } as const
    const token = this.services.tokens.issue(scope)
    this.#pushes.set(streamType, token)
    return token
  }

  /** The audience is not announced: there may be thousands. */
  #tellQuality(quality: NotificationParams<'media.quality'>): void {
    if (this.isListed) this.room.tellQuality(quality)
    else this.notify('media.quality', quality)
  }
}

export function asParticipant(member: Member | undefined): Participant | undefined {
  return member instanceof Participant ? member : undefined
}
