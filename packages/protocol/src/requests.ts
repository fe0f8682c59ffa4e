import type {
  ClientKind,
  IceServer,
  MessageKind,
  PlayAddresses,
  PublishedStreamType,
  PublishedTrack,
  PushAddress,
  RequestedRole,
  Role,
  RoomId,
  RoomInfo,
  TrackKind,
  User,
  WishedStream,
} from './model.js'

/** A result or a parameter object without a field. */
export type Empty = Readonly<Record<never, never>>

export interface EnterParams {
  /** PROTOCOL_VERSION of the client. */
  readonly protocol: number
  /** May be absent in open mode, as `userSig`. */
  readonly sdkAppId?: number
  readonly roomId: RoomId
  readonly userId: string
  /** A UserSig or a JWT. */
  readonly userSig?: string
  readonly privateMapKey?: string
  readonly userName?: string
  /** Default `anchor`. */
  readonly role?: RequestedRole
  readonly client: { readonly kind: ClientKind; readonly version: string }
}

export interface EnterResult {
  readonly sessionId: string
  readonly resumeToken: string
  readonly room: RoomInfo
  readonly self: { readonly userId: string; readonly role: Role }
  /** Owner, anchors and devices without the receiver. */
  readonly userList: readonly User[]
  readonly audienceCount: number
  /** For anchors that are not browsers. */
  readonly push?: PushAddress
  readonly iceServers: readonly IceServer[]
  /** How often the client sends `room.ping`; two missed and it counts as gone. */
  readonly heartbeatMs: number
  /** Unix milliseconds at which the signature runs out; null when it never does (open mode). */
  readonly expiresAt: number | null
}

export interface RenewParams {
  readonly userSig: string
  readonly privateMapKey?: string
}

export interface SubscribeParams {
  /** The whole wish, replacing the one before; an empty list for nothing. */
  readonly streams: 'all' | readonly WishedStream[]
}

export interface MediaStateParams {
  /** false is muted. */
  readonly audio: boolean
  readonly video: boolean
  readonly streamType: PublishedStreamType
}

export interface MixParams {
  readonly audio: boolean
  readonly video: boolean
  /** Whose voices; the receiver's own is never in it. */
  readonly audioOf: 'all' | readonly string[]
}

/** What LiteAV measured, name to figure, as `bindnetstatus` tells it. */
export type Netstatus = Readonly<Record<string, string | number | boolean>>

export interface ReportParams {
  readonly direction: 'publish' | 'play'
  /** Whose stream is played. */
  readonly userId?: string
  readonly netstatus: Netstatus
}

export interface SendMessageParams {
  /** null is everybody in the room. */
  readonly to: string | null
  readonly kind: MessageKind
  readonly data: string
}

/** A link for guests who have no signature of their own. */
export interface InviteParams {
  /** Default `anchor`. Guests never get more than whoever invites them has. */
  readonly role?: RequestedRole
  /** Default DEFAULT_INVITE_MS. */
  readonly expireMs?: number
  /** How many guests it lets in; default 1. */
  readonly uses?: number
}

export interface InviteResult {
  /** The page of the room, with the invitation behind `#`. */
  readonly link: string
  readonly invite: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** Every request that a client sends: method to its parameters and its result. */
export interface Requests {
  'room.enter': { params: EnterParams; result: EnterResult }
  'room.resume': { params: { readonly resumeToken: string }; result: EnterResult }
  'room.ping': { params: Empty; result: { readonly now: number } }
  'room.renew': { params: RenewParams; result: { readonly expiresAt: number | null } }
  'room.info': { params: Empty; result: RoomInfo }
  'room.switchRole': { params: { readonly role: RequestedRole }; result: { readonly push?: PushAddress } }
  /** `banMs` is DEFAULT_BAN_MS when absent. */
  'room.kick': { params: { readonly userId: string; readonly banMs?: number }; result: Empty }
  'room.mute': {
    params: { readonly userId: string; readonly kind: TrackKind; readonly muted: boolean }
    result: Empty
  }
  'room.invite': { params: InviteParams; result: InviteResult }
  'room.disband': { params: Empty; result: Empty }
  'room.leave': { params: Empty; result: Empty }
  'mic.request': { params: Empty; result: Empty }
  /** Takes a request back; without one it does nothing. */
  'mic.withdraw': { params: Empty; result: Empty }
  'mic.answer': { params: { readonly userId: string; readonly accept: boolean }; result: Empty }
  'mic.remove': { params: { readonly userId: string }; result: Empty }
  /** `sdp` is an offer; `tracks` is the whole list of what the connection publishes. */
  'media.publish': {
    params: { readonly sdp: string; readonly tracks: readonly PublishedTrack[] }
    result: { readonly sdp: string }
  }
  'media.unpublish': { params: { readonly streamType: PublishedStreamType }; result: Empty }
  'media.pushAddress': { params: { readonly streamType: PublishedStreamType }; result: PushAddress }
  'media.subscribe': { params: SubscribeParams; result: Empty }
  'media.answer': { params: { readonly sdp: string; readonly revision: number }; result: Empty }
  'media.candidate': {
    params: { readonly candidate: string; readonly target: 'publish' | 'subscribe' }
    result: Empty
  }
  'media.restart': { params: Empty; result: Empty }
  'media.state': { params: MediaStateParams; result: Empty }
  'media.mix': { params: MixParams; result: { readonly play: PlayAddresses } }
  'media.report': { params: ReportParams; result: Empty }
  'message.send': { params: SendMessageParams; result: { readonly messageId: string } }
}

export type RequestMethod = keyof Requests
export type ParamsOf<Method extends RequestMethod> = Requests[Method]['params']
export type ResultOf<Method extends RequestMethod> = Requests[Method]['result']
