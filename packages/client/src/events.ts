import type {
  EndReason,
  ExitReason,
  MessageKind,
  NetworkQuality,
  PublishedParams,
  PublishedStreamType,
  Role,
  TrackKind,
  User,
} from '@crossroom/protocol'
import type { CrossroomError } from './errors.js'
import type { PlayPath } from './room/remote-media.js'
import type { Statistics } from './room/statistics.js'

/** State of the connection to the room. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting'

/** Why the server ended it; `refused`: it did not take this user in again, after the connection was lost. */
export type KickReason = Exclude<EndReason, 'left' | 'unreachable'>

/** A text or custom message. */
export interface Message {
  readonly messageId: string
  /** userId of the sender. */
  readonly from: string
  /** What the sender is called, also in the audience, which no list names; absent from older servers. */
  readonly fromName?: string
  /** userId of the receiver; null for everybody. */
  readonly to: string | null
  readonly kind: MessageKind
  /** A string for `text`; otherwise the value given as `custom`. */
  readonly data: unknown
  /** Unix milliseconds, of the server. */
  readonly at: number
}

/** The audio level of a user. */
export interface AudioVolume {
  /** The own userId for the own microphone. */
  readonly userId: string
  /** 0 … 100. */
  readonly volume: number
}

/** Which stream of whom. */
export interface RemoteStreamEvent {
  readonly userId: string
  readonly streamType: PublishedStreamType
}

/**
 * Why streams arrive over WebSocket-FLV. `lost`: WebRTC has no connection at present. `blocked`: it never had one, and
 * several attempts failed. `off`: the server has no WebRTC. `unsupported`: the browser has no WebRTC, or not with
 * H.264.
 */
export type FallbackReason = 'lost' | 'blocked' | 'off' | 'unsupported'

/** Every event and what its listeners get. */
export interface CrossroomEvents {
  /** A failure in the background; rejections of promises are not repeated here. */
  error: CrossroomError
  /** The browser plays sound only after a click or a key: call `resume` in one. */
  'autoplay-failed': { readonly userId: string; readonly resume: () => Promise<void> }
  /** The server ended it, and this object has left the room. `message` says why in a sentence. */
  'kicked-out': { readonly reason: KickReason; readonly message: string; readonly retryAfterMs?: number }
  'remote-user-enter': { readonly userId: string; readonly user: User }
  'remote-user-exit': { readonly userId: string; readonly reason: ExitReason }
  /** Call `startRemoteVideo` with it. */
  'remote-video-available': RemoteStreamEvent
  'remote-video-unavailable': RemoteStreamEvent
  'remote-audio-available': RemoteStreamEvent
  'remote-audio-unavailable': RemoteStreamEvent
  /**
   * A track arrives over WebRTC, for pages that show, play or record tracks themselves. Tracks are reused: a track of
   * one user may later belong to another.
   */
  track: RemoteStreamEvent & { readonly kind: TrackKind; readonly track: MediaStreamTrack }
  /** Owner, anchors and devices without oneself, after every change. */
  'user-list': { readonly users: readonly User[] }
  'audience-count': { readonly count: number }
  /** Who speaks and how loudly, oneself included; at most four times a second, without silent users. */
  'audio-volume': { readonly volumes: readonly AudioVolume[] }
  'network-quality': { readonly userId: string; readonly uplink: NetworkQuality; readonly downlink: NetworkQuality }
  'connection-state-changed': { readonly state: ConnectionState; readonly previous: ConnectionState }
  /** What the server sees of an own stream. */
  'publish-state-changed': PublishedParams
  /** How remote streams come, and why not by WebRTC, which is tried again for as long as this is in the room. */
  'play-path-changed': { readonly path: PlayPath; readonly why?: FallbackReason }
  message: Message
  /** To the owner: a user asks to become an anchor. */
  'mic-requested': { readonly userId: string; readonly userName: string }
  /** To the owner: they do not ask any more. */
  'mic-withdrawn': { readonly userId: string }
  /** To the one who asked. */
  'mic-answered': { readonly accepted: boolean; readonly by?: string }
  'role-changed': { readonly userId: string; readonly role: Role; readonly by?: string }
  /** The owner muted or unmuted a user. */
  muted: { readonly userId: string; readonly kind: TrackKind; readonly muted: boolean; readonly by?: string }
  /** The room is recorded, or not any more: files are made of what members send. Tell the person. */
  'recording-changed': { readonly recording: boolean }
  /** A camera, microphone or speaker came or went. */
  'device-changed': { readonly devices: readonly MediaDeviceInfo[] }
  /** The person ended it in the browser's own bar, or the window is gone. */
  'screen-share-stopped': Record<string, never>
  /** The first picture is on the screen; the own `userId` for the local preview. */
  'first-video-frame': RemoteStreamEvent & { readonly width: number; readonly height: number }
  'video-size-changed': RemoteStreamEvent & { readonly width: number; readonly height: number }
  /** Call `renewSignature`, or it ends then. Unix milliseconds. */
  'signature-expiring': { readonly expiresAt: number }
  /** Every two seconds while there are listeners. */
  statistics: Statistics
}
