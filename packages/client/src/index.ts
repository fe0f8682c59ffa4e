export type { BeautyFilter } from './media/beauty-filter.js'
export type { CallOptions, GroupCallOptions, OnlineOptions } from './calls/call-options.js'
export type { CallEvents, Calls } from './calls/calls.js'
export { Crossroom } from './crossroom.js'
export type { Listener } from './emitter.js'
export { CLIENT_ERRORS, CrossroomError, type ClientErrorCode } from './errors.js'
export type {
  AudioVolume,
  ConnectionState,
  CrossroomEvents,
  FallbackReason,
  KickReason,
  Message,
  RemoteStreamEvent,
} from './events.js'
export type {
  BeautyOptions,
  CreateOptions,
  EnteredRoom,
  EnterRoomOptions,
  Invitation,
  InviteOptions,
  LocalAudioOptions,
  LocalVideoOptions,
  MessageContent,
  RemoteVideoOptions,
  RemoteVideoTarget,
  ScreenShareOptions,
  VideoProcessor,
  VideoProfile,
  VideoProfileName,
  View,
} from './options.js'
export type { PlayPath } from './room/remote-media.js'
export type {
  PlayerState,
  PlayOptions,
  PublishFailure,
  PublishOptions,
  PublishState,
  StreamPlayer,
  StreamPublisher,
} from './stream/index.js'
export { videoProfiles } from './profiles.js'
export type { Statistics, TrackStatistics } from './room/statistics.js'
export type { InAppBrowser, Support } from './support.js'
export type {
  Call,
  CallEndReason,
  CallMedia,
  CallMember,
  ExitReason,
  NetworkQuality,
  PublishedStreamType,
  RequestedRole,
  Role,
  RoomInfo,
  TrackKind,
  User,
  UserStream,
} from '@crossroom/protocol'
