import type { PublishedStreamType, Role, RoomId, RoomInfo } from '@crossroom/protocol'

/** Options of {@link Crossroom.create}. */
export interface CreateOptions {
  /**
   * Origin of the server, `https://host[:port]`. Default: the server the SDK was loaded from, else the page's own. Of a cluster
   * without a balancer: the origins of several nodes, tried in turn.
   */
  readonly server?: string | readonly string[]
}

/** Options of {@link Crossroom.enterRoom}. */
export interface EnterRoomOptions {
  /** A uint32 number, or up to 64 of `A-Za-z0-9_-`; a number and its decimal string are one room. */
  readonly roomId: RoomId
  /** Up to 32 of `A-Za-z0-9_-`. */
  readonly userId: string
  /** Up to 64 characters that others see. */
  readonly userName?: string
  readonly sdkAppId?: number
  /** A UserSig or a JWT; not needed by a server in open mode. */
  readonly userSig?: string
  /** Another name for `userSig`, for people who use JWTs. */
  readonly token?: string
  readonly privateMapKey?: string
  /** Default `anchor`, who may send; `audience` only watches. */
  readonly role?: 'anchor' | 'audience'
  /** Plays the sound of everybody without being told. Default true. */
  readonly autoReceiveAudio?: boolean
  /** Has every picture ready, as small as possible until it is shown by `startRemoteVideo`. Default true. */
  readonly autoReceiveVideo?: boolean
  /** Pixels of pictures that are received without being shown by `startRemoteVideo`. Default 320. */
  readonly unseenVideoWidth?: number
}

/** The state right after entering. */
export interface EnteredRoom {
  readonly room: RoomInfo
  readonly userId: string
  readonly role: Role
  readonly audienceCount: number
}

/** Options of {@link Crossroom.createInvite}. */
export interface InviteOptions {
  /** Default `anchor`; a guest who is `audience` only watches. */
  readonly role?: 'anchor' | 'audience'
  /** Default an hour, at most a day. */
  readonly expireMs?: number
  /** How many guests it lets in: default 1, at most 50. */
  readonly uses?: number
}

/** An address that lets guests in. */
export interface Invitation {
  readonly link: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** Where a picture is shown: a video element, an element to put one into, or the id of either. */
export type View = HTMLElement | string

/** Size, rate and bitrate of a camera or a screen. */
export interface VideoProfile {
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Pictures per second. */
  readonly frameRate: number
  /** Kilobits per second, the most that is ever sent. */
  readonly bitrate: number
}

/** Names of the usual profiles; see `videoProfiles`. */
export type VideoProfileName = '180p' | '360p' | '480p' | '720p' | '1080p'

/** Options of {@link Crossroom.startLocalVideo}. */
export interface LocalVideoOptions {
  /** Where the person sees the own picture. */
  readonly view?: View | null
  readonly deviceId?: string
  /** A track of the page's own instead of a camera: a canvas, a file. It is not stopped here. */
  readonly track?: MediaStreamTrack
  /** On phones, instead of `deviceId`: the camera that looks at the person or away from it. */
  readonly facingMode?: 'user' | 'environment'
  /** Default `720p`. */
  readonly profile?: VideoProfileName | VideoProfile
  /** False only shows it here. Default true. */
  readonly publish?: boolean
  /** Sends black, and tells others that there is no picture. Default false. */
  readonly mute?: boolean
  /** Default true, except for a camera that looks away from the person. Others always see it as it is. */
  readonly mirror?: boolean
}

/** Options of {@link Crossroom.startLocalAudio}. */
export interface LocalAudioOptions {
  readonly deviceId?: string
  /** A track of the page's own instead of a microphone. It is not stopped here. */
  readonly track?: MediaStreamTrack
  /** False captures without sending. Default true. */
  readonly publish?: boolean
  readonly mute?: boolean
  /** Default true, all three. */
  readonly echoCancellation?: boolean
  readonly noiseSuppression?: boolean
  readonly autoGainControl?: boolean
}

/** Options of {@link Crossroom.startScreenShare}. */
export interface ScreenShareOptions {
  readonly view?: View | null
  /** Default `1080p` at 15 pictures per second, which keeps text sharp. */
  readonly profile?: VideoProfileName | VideoProfile
  /** Shares the sound of a tab or of the system too, where the browser can. Default true. */
  readonly systemAudio?: boolean
  readonly publish?: boolean
}

/** Options of {@link Crossroom.startRemoteVideo}. */
export interface RemoteVideoOptions {
  readonly userId: string
  /** Default `main`. */
  readonly streamType?: PublishedStreamType
  readonly view: View
  /** Pixels; by default what the view is wide, times the pixel ratio of the screen. */
  readonly maxWidth?: number
  /** Default `contain`. */
  readonly fit?: 'contain' | 'cover' | 'fill'
  readonly mirror?: boolean
}

/** Which picture of whom. */
export interface RemoteVideoTarget {
  readonly userId: string
  /** Default `main`. */
  readonly streamType?: PublishedStreamType
}

/** Content of {@link Crossroom.sendMessage}: a text, or anything JSON can hold, 8 KiB at most. */
export type MessageContent = string | { readonly custom: unknown }

/**
 * Changes the picture before it is sent and shown: a blur, a background, a beauty filter. Made for one camera at a time.
 */
export interface VideoProcessor {
  /** Takes the camera's track, gives the track to use instead. Called again after `stop` when the camera changes. */
  start(track: MediaStreamTrack): Promise<MediaStreamTrack> | MediaStreamTrack
  /** Ends the processing; the camera's track is not the processor's to stop. */
  stop(): void
}

/** Strengths of the beauty filter, 0 (off) to 9, as `beauty` and `whiteness` of the Mini Program's live-pusher. */
export interface BeautyOptions {
  readonly smoothing?: number
  readonly whitening?: number
}
