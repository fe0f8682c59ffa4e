export { WebRTCAPI } from './webrtc-api.js'
export type {
  LocalStreamOptions,
  RemoteStreamInfo,
  RtcDetection,
  VideoType,
  WebRTCAPIError,
  WebRTCAPIEvents,
  WebRTCAPIOptions,
  WebRTCAPIRoom,
} from './webrtc-types.js'
