import type {
  CloseReason,
  MediaAvailable,
  NotificationMethod,
  NotificationParams,
  ParamsOf,
  PublishedStreamType,
  PublishState,
  PushAddress,
  RequestedRole,
  RequestMethod,
  ResultOf,
  RoomInfo,
  TrackKind,
} from '@crossroom/protocol'
import { DEFAULT_BAN_MS } from '@crossroom/protocol'
import type { Identity, Permissions } from '../auth/identity.js'
import { roomLimits } from '../config/limits.js'
import type { EnterRequest } from './doors/enter-request.js'
import { Expiry } from './expiry.js'
import type { MemberMediaHandlers } from './media/media-gateway.js'
import { Member, type MemberOptions, type MemberRoom } from './member.js'
import { addressesFor, type AddressBook, type MemberConnection } from './view/member-connection.js'
import { EMPTY_LIST, type ListChange, type MemberList } from './view/member-list.js'
import type { MemberStream } from './media/member-stream.js'
import { NetworkReports } from './view/network-reports.js'
import { kindsOf, ParticipantMedia } from './view/participant-media.js'
import type { ParticipantRequests, RoomEnterResult } from './doors/participant-requests.js'
import type { Invitations } from './model/invitations.js'
import { mayReceive, mayRequest, maySend } from './model/policy.js'
import { PublishedStates } from './view/published-states.js'
import { Receiver } from './view/receiver.js'
import type { RoomMessages } from './view/room-messages.js'
import type { RoomMixes } from './view/room-mixes.js'
import { RoomError } from './model/room-error.js'

/** What a participant asks of its room. */
export interface ParticipantRoom extends MemberRoom {
  readonly list: MemberList
  /** Whom to hear first. */
  readonly speakers: readonly string[]
  readonly audienceCount: number
  readonly invitations: Invitations
  readonly messages: RoomMessages
  readonly mixes: RoomMixes
  info(): RoomInfo
  notifyAll<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void
  switchRole(participant: Participant, role: RequestedRole): void
  requestMic(participant: Participant): void
  withdrawMic(participant: Participant): void
  answerMic(userId: string, accepted: boolean, by?: string): void
  removeMic(userId: string, by?: string): void
  kick(userId: string, banMs: number): void
  mute(userId: string, kind: TrackKind, muted: boolean, by?: string): void
  disband(): void
}

export interface ParticipantOptions extends MemberOptions {
  readonly room: ParticipantRoom
}

/** Somebody with a socket, or whose socket may still come back. */
export class Participant extends Member implements ParticipantRequests {
  declare readonly room: ParticipantRoom
  readonly sessionId: string
  readonly resumeToken: string
  #addresses: AddressBook
  readonly #receiver: Receiver
  readonly #media: ParticipantMedia
  readonly #expiry: Expiry
  /** Tokens. */
  readonly #pushes = new Map<PublishedStreamType, string>()
  readonly #published = new PublishedStates((params) => this.notify('media.published', params))
  readonly network: NetworkReports
  #connection: MemberConnection | undefined
  #expiresAt: number | undefined
  /** The list that this participant knows. */
  #told: MemberList = EMPTY_LIST
  #cancelGone: (() => void) | undefined
  #closed = false

  constructor(options: ParticipantOptions, { identity, connection, addresses }: EnterRequest) {
    super(options)
    const { userId, permissions, remoteAddress, services, room } = options
    const { tokens, clock, nowMs, newId, mediaGateway: gateway } = services
    this.sessionId = newId()
    this.resumeToken = newId()
    this.#addresses = addressesFor(options.kind, addresses)
    this.#connection = connection
    const shared = { userId, roomId: room.id }
    this.#receiver = new Receiver({
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
    const receiver = this.#receiver
    this.#media = new ParticipantMedia({ ...shared, gateway, remoteAddress, receiver, target, handlers })
    this.#expiry = new Expiry(clock, nowMs, {
      expiring: (expiresAt) => this.notify('room.expiring', { expiresAt }),
      expired: () => this.end('expired'),
    })
    this.network = new NetworkReports(clock, (quality) => this.#tellQuality({ userId, ...quality }))
    this.#setExpiry(identity.expiresAt)
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

  /** The server ends the session: told why, then gone. */
  end(reason: Exclude<CloseReason, 'drain'>): void {
    this.hangUp(reason)
    this.room.exit(this, reason)
  }

  /** Closes the socket with a reason; the membership is somebody else's business. */
  hangUp(reason: CloseReason, extra?: { readonly retryAfterMs: number }): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.close(reason, extra)
  }

  /** The same member by a new socket. */
  resumed(connection: MemberConnection, addresses: AddressBook): void {
    this.#addresses = addressesFor(this.kind, addresses)
    this.#receiver.readdress(this.#addresses)
    const old = this.#connection
    this.#connection = connection
    this.#cancelGone?.()
    this.#cancelGone = undefined
    old?.close('resumed')
    // A browser does not find its new network by itself. The answer to `room.resume` goes first.
    this.services.clock.after(0, () => {
      this.#moveMedia(() => this.#media.restart())
      this.#published.tellAgain()
      this.catchUp(this.room.list)
    })
  }

  lost(): void {
    if (this.#connection === undefined || this.#closed) return
    this.#connection = undefined
    this.#cancelGone = this.services.clock.after(roomLimits.resumeMicros, () => this.room.exit(this, 'lost'))
  }

  override close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#connection = undefined
    this.#cancelGone?.()
    this.#expiry.close()
    this.network.close()
    this.#media.close()
    this.room.mixes.drop(this.sessionId)
    this.closeStreams()
    this.services.tokens.revokeHolder(this.sessionId)
    this.services.tokens.revokeHolder(this.#pushHolder)
  }

  /** Brings it up to date: `changeFrom` tells what happened since the list it knows. */
  update(list: MemberList, changeFrom: (told: MemberList) => ListChange): void {
    this.#moveMedia(() => this.#media.update(list, this.room.speakers))
    this.#published.refresh(this.streams)
    if (this.#connection === undefined || this.#told === list) return
    const change = changeFrom(this.#told)
    this.#told = list
    for (const exit of change.exits) if (exit.userId !== this.userId) this.notify('room.userExit', exit)
    for (const member of change.enters)
      if (member.userId !== this.userId) this.notify('room.userEnter', { user: this.#receiver.userOf(member) })
    for (const { kind, state } of change.states)
      if (state.userId !== this.userId && this.#receiver.may(state.streamType)[kind]) this.#notifyState(kind, state)
    for (const rotation of change.rotations)
      if (rotation.userId !== this.userId && this.#receiver.may(rotation.streamType).video)
        this.notify('media.rotation', rotation)
    this.tellList(list)
  }

  tellList(list: MemberList): void {
    const { audienceCount } = this.room
    this.notify('room.userList', { userList: this.#receiver.usersOf(list), audienceCount })
  }

  /** What a list does not say: pictures that are turned, and what others muted of its own. */
  catchUp(list: MemberList): void {
    const { userId } = this
    for (const kind of ['audio', 'video'] as const)
      if (this.mutedByOthers[kind]) this.notify('room.muted', { userId, kind, muted: true })
    this.#tellRotations(list)
  }

  enterResult(): RoomEnterResult {
    const { list, audienceCount } = this.room
    this.#told = list
    const { sessionId, resumeToken, userId, role } = this
    const userList = this.#receiver.usersOf(list)
    const expiresAt = this.#expiresAt ?? null
    const { heartbeatMs } = roomLimits
    const room = this.room.info()
    return {
      ...{ sessionId, resumeToken, room, self: { userId, role }, userList, audienceCount, heartbeatMs, expiresAt },
      ...this.#ownPush(),
    }
  }

  leave(): void {
    this.#connection = undefined
    this.room.exit(this, 'left')
  }

  info(): ResultOf<'room.info'> {
    this.#check('room.info')
    return this.room.info()
  }

  switchRole({ role }: ParamsOf<'room.switchRole'>): ResultOf<'room.switchRole'> {
    this.#check('room.switchRole')
    this.room.switchRole(this, role)
    return this.#ownPush()
  }

  kick({ userId, banMs = DEFAULT_BAN_MS }: ParamsOf<'room.kick'>): void {
    this.#check('room.kick')
    if (userId === this.userId) throw new RoomError('BAD_REQUEST', 'Leave with room.leave; a kick is for others.')
    this.room.kick(userId, banMs)
  }

  mute({ userId, kind, muted }: ParamsOf<'room.mute'>): void {
    this.#check('room.mute')
    this.room.mute(userId, kind, muted, this.userId)
  }

  disband(): void {
    this.#check('room.disband')
    this.room.disband()
  }

  invite(wish: ParamsOf<'room.invite'>): ResultOf<'room.invite'> {
    this.#check('room.invite')
    if (this.services.letsGuestsIn?.() === false)
      throw new RoomError('NO_PERMISSION', 'The server has no --secret, so it cannot sign for guests.')
    const { userId: by, permissions, remoteAddress: from, roomId: room } = this
    const { invite, expiresAt, role, uses } = this.room.invitations.make(wish, permissions)
    this.services.audit?.granted({ what: 'room.invite', who: by, from, on: { room, role, uses, expiresAt } })
    const page = role === 'anchor' ? '/call' : '/live'
    return {
      link: `${this.#addresses.page}${page}?room=${encodeURIComponent(room)}#invite=${invite}`,
      invite,
      expiresAt,
    }
  }

  micRequest(): void {
    this.#check('mic.request')
    this.room.requestMic(this)
  }

  micWithdraw(): void {
    this.#check('mic.withdraw')
    this.room.withdrawMic(this)
  }

  micAnswer({ userId, accept }: ParamsOf<'mic.answer'>): void {
    this.#check('mic.answer')
    this.room.answerMic(userId, accept, this.userId)
  }

  micRemove({ userId }: ParamsOf<'mic.remove'>): void {
    this.#check('mic.remove')
    this.room.removeMic(userId, this.userId)
  }

  publish(params: ParamsOf<'media.publish'>): ResultOf<'media.publish'> {
    this.#check('media.publish')
    for (const { streamType, kind } of params.tracks)
      if (!maySend(this.permissions, streamType)[kind])
        throw new RoomError('NO_PERMISSION', `Your signature does not let you send ${kind} of ${streamType}.`)
    const result = this.#media.publish(params)
    for (const streamType of ['main', 'aux'] as const)
      this.streamOf(streamType)?.announce(kindsOf(params.tracks, streamType))
    return result
  }

  unpublish({ streamType }: ParamsOf<'media.unpublish'>): void {
    this.#check('media.unpublish')
    this.#media.unpublish(streamType)
    this.streamOf(streamType)?.endEncoders()
    this.streamOf(streamType)?.announce(undefined)
  }

  pushAddress({ streamType }: ParamsOf<'media.pushAddress'>): PushAddress {
    this.#check('media.pushAddress')
    const may = maySend(this.permissions, streamType)
    if (!may.audio && !may.video)
      throw new RoomError('NO_PERMISSION', `Your signature does not let you send ${streamType}.`)
    return this.#pushOf(streamType)
  }

  subscribe({ streams }: ParamsOf<'media.subscribe'>): void {
    this.#check('media.subscribe')
    this.#media.subscribe(streams, this.room.list, this.room.speakers)
  }

  answer(params: ParamsOf<'media.answer'>): void {
    this.#check('media.answer')
    this.#media.answer(params)
  }

  candidate(params: ParamsOf<'media.candidate'>): void {
    this.#check('media.candidate')
    this.#media.candidate(params)
  }

  restart(): void {
    this.#check('media.restart')
    this.#media.restart()
  }

  state({ audio, video, streamType }: ParamsOf<'media.state'>): void {
    this.#check('media.state')
    this.openStream(streamType).mute({ audio: !audio, video: !video })
  }

  mix(params: ParamsOf<'media.mix'>): ResultOf<'media.mix'> {
    this.#check('media.mix')
    if (!this.#receiver.may('main').audio)
      throw new RoomError('NO_PERMISSION', 'Your signature does not let you hear the others.')
    const { userId, sessionId, isListed } = this
    const hearsAux = this.#receiver.may('aux').audio
    const token = this.room.mixes.take({ userId, sessionId, isListed, hearsAux }, params)
    return { play: this.#addresses.play(token) }
  }

  report(params: ParamsOf<'media.report'>): void {
    this.#check('media.report')
    this.network.handleReport(params)
  }

  sendMessage(params: ParamsOf<'message.send'>): ResultOf<'message.send'> {
    this.#check('message.send')
    return { messageId: this.room.messages.send(this, params) }
  }

  renewed({ permissions, expiresAt }: Identity): ResultOf<'room.renew'> {
    this.#setExpiry(expiresAt)
    this.setPermissions(permissions)
    const before = this.#receiver.permissions
    if (this.#receiver.renew(permissions)) this.#tellReceived(before)
    return { expiresAt: expiresAt ?? null }
  }

  /** It may not send any more. */
  stopSending(): void {
    this.#media.unpublish('main')
    this.#media.unpublish('aux')
    this.closeStreams()
    this.services.tokens.revokeHolder(this.#pushHolder)
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

  get #pushHolder(): string {
    return `${this.sessionId}/push`
  }

  #check(method: RequestMethod): void {
    if (this.#closed) throw new RoomError('USER_NOT_FOUND', 'You are not in the room any more.')
    if (!mayRequest(this.role, method))
      throw new RoomError('ROLE_FORBIDDEN', `${method} is not for your role, which is ${this.role}.`)
  }

  /** It may have more or less of the same room than under the permissions before, and by other addresses. */
  #tellReceived(before: Permissions): void {
    const { list, speakers, mixes } = this.room
    mixes.drop(this.sessionId)
    this.#media.update(list, speakers)
    for (const { userId, layers } of this.#told.values()) {
      if (userId === this.userId) continue
      for (const { streamType, kinds } of layers)
        for (const kind of ['video', 'audio'] as const) {
          const available = this.#receiver.may(streamType)[kind]
          if (kinds[kind] && available !== mayReceive(before, streamType)[kind])
            this.#notifyState(kind, { userId, streamType, available })
        }
    }
    this.#tellRotations(list)
    this.tellList(list)
  }

  #tellRotations(list: MemberList): void {
    for (const { userId, layers } of list.values())
      for (const { streamType, rotation } of layers)
        if (rotation !== 0 && userId !== this.userId && this.#receiver.may(streamType).video)
          this.notify('media.rotation', { userId, streamType, rotation })
  }

  #notifyState(kind: TrackKind, state: MediaAvailable): void {
    this.notify(kind === 'video' ? 'room.videoState' : 'room.audioState', state)
  }

  /** For timers, where a fault of the engine below would be everybody's: it costs this member its media until the next change. */
  #moveMedia(work: () => void): void {
    try {
      work()
    } catch (error) {
      const { userId, roomId, services } = this
      services.log.error({ room: roomId, user: userId, error }, 'The media of a member could not follow its room')
    }
  }

  #setExpiry(expiresAt: number | undefined): void {
    this.#expiresAt = expiresAt
    this.#expiry.set(expiresAt)
  }

  /** Phones and programs push by RTMP; browsers cannot. */
  #ownPush(): { readonly push?: PushAddress } {
    return this.isListed && this.kind !== 'browser' ? { push: this.#pushOf('main') } : {}
  }

  #pushOf(streamType: PublishedStreamType): PushAddress {
    const token = this.#pushes.get(streamType) ?? this.#issuePush(streamType)
    return { rtmp: this.#addresses.push(token) }
  }

  #issuePush(streamType: PublishedStreamType): string {
    const { key, subject } = this.openStream(streamType)
    const { userId, roomId } = this
    const scope = { action: 'publish', roomId, holder: this.#pushHolder, userId, streamType, key, subject } as const
    const token = this.services.tokens.issue(scope)
    this.#pushes.set(streamType, token)
    return token
  }

  /** Of the audience nobody hears: there may be thousands of them. */
  #tellQuality(quality: NotificationParams<'media.quality'>): void {
    if (this.isListed) this.room.notifyAll('media.quality', quality)
    else this.notify('media.quality', quality)
  }
}
