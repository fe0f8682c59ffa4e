/** The kind of client: `other` is a program with its own signaling client. */
export type ClientKind = 'browser' | 'miniprogram' | 'other'
/** How a member is connected; `rtmp` and `whip` are devices without a socket for signaling. */
export type MemberKind = ClientKind | 'rtmp' | 'whip'

/** The roles that a client may request. */
export type RequestedRole = 'anchor' | 'audience'
/**
 * `owner`: the first to enter with the create-room permission, or by token. `anchor` may send. `audience` only receives, is
 * counted and never listed. `device` has no socket.
 */
export type Role = 'owner' | 'device' | RequestedRole

/** The streams of a member: `main` is camera and microphone, `aux` the screen. */
export type PublishedStreamType = 'main' | 'aux'
/** `small` is the lower simulcast layer of main: listed, chosen by `maxWidth`, never published by itself. */
export type StreamType = PublishedStreamType | 'small'
export type TrackKind = 'audio' | 'video'

/** A uint32, or up to 64 characters of `[A-Za-z0-9_-]`; a number and its decimal string are one room. */
export type RoomId = number | string

/**
 * The play addresses of one stream for one receiver; the addresses are the receiver's own and last as long as both
 * are members.
 */
export interface PlayAddresses {
  readonly rtmp: string
  readonly flv: string
  readonly wsFlv: string
  readonly whep: string
}

/** The address for an encoder or a `<live-pusher>`. */
export interface PushAddress {
  readonly rtmp: string
}

/** One stream of another member, as one receiver sees it. */
export interface UserStream {
  readonly streamType: StreamType
  /** The track is announced, a frame came within 3 s, and it is not muted. Digital silence counts as audio. */
  readonly hasAudio: boolean
  readonly hasVideo: boolean
  readonly play: PlayAddresses
}

/** Another member of the room: owner, anchor or device. */
export interface User {
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly streams: readonly UserStream[]
}

/** The properties of a room, without its members. */
export interface RoomInfo {
  readonly roomId: string
  readonly name: string
  /** null while the room has no owner. */
  readonly ownerId: string | null
  /** Unix milliseconds. */
  readonly createdAt: number
  /** Owner, anchors and devices now in the room. */
  readonly anchors: number
  readonly audience: number
  readonly limits: RoomLimits
  /** Files are made of what members send. Absent from older servers. */
  readonly recording?: boolean
}

/** How many a room takes. */
export interface RoomLimits {
  /** Everybody, audience included. */
  readonly members: number
  /** Owner, anchors and devices. */
  readonly anchors: number
}

/** As RTCIceServer of WebRTC. */
export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** One m-line that a browser publishes. */
export interface PublishedTrack {
  readonly mid: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
}

/** One track that a receiver could have. */
export interface RemoteTrack {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
}

/** One m-line of the server's offer. */
export interface OfferedTrack extends RemoteTrack {
  readonly mid: string
}

/** One stream in a subscription; the order of the list is the priority. */
export interface StreamSubscription {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly audio: boolean
  readonly video: boolean
  /** Pixels; the server takes the lower layer when that is wide enough. Absent: the best. */
  readonly maxWidth?: number
}

/** 0 unknown, 1 best … 6 down. */
export type NetworkQuality = 0 | 1 | 2 | 3 | 4 | 5 | 6

export type MessageKind = 'text' | 'custom'
