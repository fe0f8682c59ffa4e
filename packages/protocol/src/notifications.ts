import type { Call, CallEndReason, CallRefusal } from './call-shapes.js'
import type {
  MessageKind,
  NetworkQuality,
  OfferedTrack,
  PublishedStreamType,
  RemoteTrack,
  Role,
  StreamType,
  TrackKind,
  User,
} from './model.js'

/** Why a member is gone: `lost` is a socket or a push that did not come back in time, `audience` a change of role. */
export type ExitReason = 'left' | 'lost' | 'kicked' | 'replaced' | 'disbanded' | 'expired' | 'audience'

/** Why the server ends a session. */
export type CloseReason = 'kicked' | 'replaced' | 'disbanded' | 'expired' | 'drain'

/** `live` at the first keyframe or the first audio, `stalled` without frames, `refused` when it may not be published. */
export type PublishState = 'live' | 'stalled' | 'ended' | 'refused'

export interface MediaAvailable {
  readonly userId: string
  readonly streamType: StreamType
  readonly available: boolean
}

export interface PublishedParams {
  readonly streamType: PublishedStreamType
  readonly state: PublishState
  readonly hasAudio: boolean
  readonly hasVideo: boolean
  /** A sentence, when it was refused or ended by the server. */
  readonly reason?: string
}

export interface OfferParams {
  readonly sdp: string
  /** Grows by one with each offer; goes back in `media.answer`. */
  readonly revision: number
  readonly tracks: readonly OfferedTrack[]
  /** Tracks beyond the 24 video and 16 audio m-lines. */
  readonly skipped?: readonly RemoteTrack[]
}

export interface ReceivedMessage {
  readonly messageId: string
  readonly from: string
  /** The sender's name, because audience members are in no list. Absent from older servers. */
  readonly fromName?: string
  /** null when it went to everybody. */
  readonly to: string | null
  readonly kind: MessageKind
  readonly data: string
  /** Unix milliseconds. */
  readonly at: number
}

/** Every notification that the server sends: method to its parameters. `by` is absent when the server itself did it. */
export interface Notifications {
  /** Owner, anchors and devices without the receiver, after every change. */
  'room.userList': { readonly userList: readonly User[]; readonly audienceCount: number }
  'room.userEnter': { readonly user: User }
  'room.userExit': { readonly userId: string; readonly reason: ExitReason }
  'room.videoState': MediaAvailable
  'room.audioState': MediaAvailable
  'room.roleChanged': { readonly userId: string; readonly role: Role; readonly by?: string }
  'room.muted': { readonly userId: string; readonly kind: TrackKind; readonly muted: boolean; readonly by?: string }
  /** The recording of the room began or ended: files are made of what members send. */
  'room.recording': { readonly recording: boolean }
  /** To the owner. */
  'mic.requested': { readonly userId: string; readonly userName: string }
  /** To the owner: the request needs no answer any longer. */
  'mic.withdrawn': { readonly userId: string }
  /** To the requester. */
  'mic.answered': { readonly userId: string; readonly accepted: boolean; readonly by?: string }
  /** 60 s before the signature runs out. Unix milliseconds. */
  'room.expiring': { readonly expiresAt: number }
  /** The socket closes after it. */
  'room.closed': { readonly reason: CloseReason; readonly retryAfterMs?: number }
  /** To the owner of the stream. */
  'media.published': PublishedParams
  'media.offer': OfferParams
  /** `level` is 0 (silence) to 100; at most 4 a second. */
  'media.levels': { readonly levels: readonly { readonly userId: string; readonly level: number }[] }
  'media.quality': {
    readonly userId: string
    readonly uplink: NetworkQuality
    readonly downlink: NetworkQuality
  }
  /** `rotation` is clockwise, in degrees, for a player to apply. */
  'media.rotation': { readonly userId: string; readonly streamType: StreamType; readonly rotation: 0 | 90 | 180 | 270 }
  'message.received': ReceivedMessage
  /** To every device of an invited user. */
  'call.ringing': { readonly call: Call }
  /** To everybody else in the call. */
  'call.accepted': { readonly callId: string; readonly userId: string }
  /** To everybody in the call. `data` is the reason that the user gave. */
  'call.rejected': {
    readonly callId: string
    readonly userId: string
    readonly reason: CallRefusal
    readonly data?: string
  }
  /** The call is over for this device. */
  'call.ended': { readonly callId: string; readonly reason: CallEndReason; readonly by?: string }
  /** After every change of a call that rings or goes on. */
  'call.changed': { readonly call: Call }
}

export type NotificationMethod = keyof Notifications
export type NotificationParams<Method extends NotificationMethod> = Notifications[Method]

/** A notification with its parameters, discriminated by `method`. */
export type Notification = {
  [Method in NotificationMethod]: { readonly method: Method; readonly params: Notifications[Method] }
}[NotificationMethod]
