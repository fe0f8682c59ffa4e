/** Result of `detectRTC`. */
export interface RtcDetection {
  /** The page runs in the browser that WeChat and QQ on Android bring along. */
  readonly isTBS: boolean
  readonly support: boolean
  readonly h264Support: boolean
  readonly screenshare: boolean
}

/** What every success callback may get and what every error callback gets. */
export type Succeeded = (result?: unknown) => void
export interface WebRTCAPIError {
  readonly errorCode: string
  readonly errorMsg: string
}
export type Failed = (error: WebRTCAPIError) => void

/** The first argument of the constructor. */
export interface WebRTCAPIOptions {
  readonly sdkAppId?: number | string
  readonly userId?: string
  /** The name of `userId` in the oldest pages. */
  readonly openid?: string
  readonly userSig?: string
  /** Captures and sends nothing by itself on entering. Default false. */
  readonly closeLocalMedia?: boolean
  /** Origin of the server. Default: where the script came from. */
  readonly server?: string
}

/** The first argument of `enterRoom` and `createRoom`; what only mattered in a cloud is ignored. */
export interface WebRTCAPIRoom {
  readonly roomid: number | string
  readonly privateMapKey?: string
  /** `audience` or 21 only watches; anything else, as the names of roles of old consoles, may send. */
  readonly role?: string | number
}

/** The first argument of `getLocalStream`. */
export interface LocalStreamOptions {
  readonly audio?: boolean
  readonly video?: boolean
  readonly screen?: boolean
  readonly attributes?: { readonly width?: number; readonly height?: number; readonly frameRate?: number }
  readonly videoDevice?: { readonly deviceId: string }
  readonly audioDevice?: { readonly deviceId: string }
}

/** 0 nothing, 1 sound alone, 2 a camera, 7 a screen. */
export type VideoType = 0 | 1 | 2 | 7

/** What `onRemoteStreamUpdate` gets. */
export interface RemoteStreamInfo {
  readonly userId: string
  readonly openId: string
  /** null while the user is present without media. */
  readonly stream: MediaStream | null
  readonly videoId: string
  readonly videoType: VideoType
}

/** Events and what their handlers get. */
export interface WebRTCAPIEvents {
  onLocalStreamAdd: { readonly stream: MediaStream }
  onRemoteStreamUpdate: RemoteStreamInfo
  onRemoteStreamRemove: { readonly userId: string; readonly openId: string; readonly videoId: string }
  onKickout: WebRTCAPIError
  onKickOut: WebRTCAPIError
  onWebSocketClose: WebRTCAPIError
  onWebSocketNotify: WebRTCAPIError
  onRelayTimeout: WebRTCAPIError
  onErrorNotify: WebRTCAPIError
  onStreamNotify: WebRTCAPIError
  onMuteAudio: { readonly userId: string }
  onUnmuteAudio: { readonly userId: string }
  onMuteVideo: { readonly userId: string }
  onUnmuteVideo: { readonly userId: string }
  onUserDefinedWebRTCEventNotify: { readonly userId: string; readonly data: unknown }
}
