import {
  DEFAULT_BAN_MS,
  type Empty,
  type NotificationMethod,
  type NotificationParams,
  type ParamsOf,
  type PublishedStreamType,
  type PushAddress,
  type RequestedRole,
  type ResultOf,
  type RoomInfo,
  type TrackKind,
} from '@crossroom/protocol'
import type { MemberMethod, RequestAnswer } from './doors/participant-requests.js'
import type { LocalMember } from './local-member.js'
import type { Member, MemberRoom } from './member.js'
import type { Invitations } from './model/invitations.js'
import { maySend } from './model/policy.js'
import { RoomError } from './model/room-error.js'
import type { RoomServices } from './services.js'
import type { AddressBook } from './view/member-connection.js'
import type { MemberList } from './view/member-list.js'
import type { NetworkReports } from './view/network-reports.js'
import { kindsOf, type ParticipantMedia } from './view/participant-media.js'
import type { Receiver } from './view/receiver.js'
import type { RoomMessages } from './view/room-messages.js'
import type { RoomMixes } from './view/room-mixes.js'
import type { RoomRecording } from './view/room-recording.js'

/** Requests of a participant to its room. */
export interface ParticipantRoom extends MemberRoom {
  readonly list: MemberList
  /** Speakers, loudest first. */
  readonly speakers: readonly string[]
  readonly audienceCount: number
  readonly invitations: Invitations
  readonly messages: RoomMessages
  readonly mixes: RoomMixes
  readonly recording: RoomRecording
  info(): RoomInfo
  tellQuality(quality: NotificationParams<'media.quality'>): void
  notifyAll<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void
  switchRole(member: Member, role: RequestedRole): void
  requestMic(member: Member): void
  withdrawMic(member: Member): void
  answerMic(userId: string, accepted: boolean, by?: string): void | Promise<void>
  removeMic(userId: string, by?: string): void | Promise<void>
  kick(userId: string, banMs: number): void | Promise<void>
  mute(userId: string, kind: TrackKind, muted: boolean, by?: string): void | Promise<void>
  disband(): void | Promise<void>
}

/** A participant, as its requests see it. */
export interface Requester extends LocalMember {
  readonly services: RoomServices
  readonly room: ParticipantRoom
  readonly sessionId: string
  readonly addresses: AddressBook
  readonly receiver: Receiver
  readonly media: ParticipantMedia
  readonly network: NetworkReports
  pushOf(streamType: PublishedStreamType): PushAddress
  /** For RTMP publishers: phones and programs. */
  ownPush(): { readonly push?: PushAddress }
}

type RequestHandlers = {
  readonly [Method in MemberMethod]: (member: Requester, params: ParamsOf<Method>) => RequestAnswer<Method>
}

/**
 * The handlers of a member's requests, typed by the protocol's table, which has checked the member's role. Each
 * throws RoomError. Notifications that follow from a request may go out before its result does.
 */
const handlers: RequestHandlers = {
  'room.info': ({ room }) => room.info(),
  'room.switchRole': (member, { role }) => {
    member.room.switchRole(member, role)
    return member.ownPush()
  },
  'room.kick': (member, { userId, banMs = DEFAULT_BAN_MS }) => {
    if (userId === member.userId) throw new RoomError('BAD_REQUEST', 'Leave with room.leave; a kick is for others.')
    return after(member.room.kick(userId, banMs))
  },
  'room.mute': (member, { userId, kind, muted }) => after(member.room.mute(userId, kind, muted, member.userId)),
  'room.invite': invite,
  'room.record': ({ room }, { recording }) => after(room.recording.set(recording)),
  'room.disband': ({ room }) => after(room.disband()),
  'mic.request': (member) => after(member.room.requestMic(member)),
  'mic.withdraw': (member) => after(member.room.withdrawMic(member)),
  'mic.answer': (member, { userId, accept }) => after(member.room.answerMic(userId, accept, member.userId)),
  'mic.remove': (member, { userId }) => after(member.room.removeMic(userId, member.userId)),
  'media.publish': publish,
  'media.unpublish': (member, { streamType }) => {
    member.media.unpublish(streamType)
    member.streamOf(streamType)?.endEncoders()
    return after(member.streamOf(streamType)?.announce(undefined))
  },
  'media.pushAddress': (member, { streamType }) => {
    const may = maySend(member.permissions, streamType)
    if (!may.audio && !may.video)
      throw new RoomError('NO_PERMISSION', `Your signature does not allow sending ${streamType}.`)
    return member.pushOf(streamType)
  },
  'media.state': (member, { audio, video, streamType }) =>
    after(member.openStream(streamType).mute({ audio: !audio, video: !video })),
  'media.subscribe': ({ media, room }, { streams }) => after(media.subscribe(streams, room.list, room.speakers)),
  'media.answer': ({ media }, params) => after(media.answer(params)),
  'media.candidate': ({ media }, params) => after(media.candidate(params)),
  'media.restart': ({ media }) => after(media.restart()),
  'media.mix': mix,
  'media.report': ({ network }, params) => after(network.handleReport(params)),
  'message.send': (member, params) => ({ messageId: member.room.messages.send(member, params) }),
}

/** Carries out one request. Throws RoomError. */
export function handleRequest<Method extends MemberMethod>(
  member: Requester,
  method: Method,
  params: ParamsOf<Method>,
): RequestAnswer<Method> {
  return handlers[method](member, params)
}

function publish(member: Requester, params: ParamsOf<'media.publish'>): ResultOf<'media.publish'> {
  for (const { streamType, kind } of params.tracks)
    if (!maySend(member.permissions, streamType)[kind])
      throw new RoomError('NO_PERMISSION', `Your signature does not allow sending ${kind} of ${streamType}.`)
  const result = member.media.publish(params)
  for (const streamType of ['main', 'aux'] as const)
    member.streamOf(streamType)?.announce(kindsOf(params.tracks, streamType))
  return result
}

function invite(member: Requester, asked: ParamsOf<'room.invite'>): ResultOf<'room.invite'> {
  const { services, permissions, addresses, userId: by, remoteAddress: from, room } = member
  if (services.letsGuestsIn?.() === false)
    throw new RoomError('NO_PERMISSION', 'The server has no --secret, so it cannot sign for guests.')
  const { invite: token, expiresAt, role, uses } = room.invitations.make(asked, permissions)
  services.audit?.granted({ what: 'room.invite', who: by, from, on: { room: room.id, role, uses, expiresAt } })
  const page = `${addresses.page}${role === 'anchor' ? '/call' : '/live'}`
  return { link: `${page}?room=${encodeURIComponent(room.id)}#invite=${token}`, invite: token, expiresAt }
}

function mix(member: Requester, params: ParamsOf<'media.mix'>): ResultOf<'media.mix'> {
  const { userId, sessionId, isListed, receiver, room, addresses } = member
  if (!receiver.may('main').audio)
    throw new RoomError('NO_PERMISSION', 'Your signature does not allow receiving audio.')
  const token = room.mixes.take({ userId, sessionId, isListed, hearsAux: receiver.may('aux').audio }, params)
  return { play: addresses.play(token) }
}

/** The answer to a request that only does something, here or on another node. */
function after(done: void): Empty
function after(done: void | Promise<void>): Empty | Promise<Empty>
function after(done: void | Promise<void>): Empty | Promise<Empty> {
  return done instanceof Promise ? done.then(() => ({})) : {}
}
