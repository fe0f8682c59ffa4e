export type {
  Call,
  CallEndReason,
  CallInviteParams,
  CallMedia,
  CallMember,
  CallMemberState,
  CallRefusal,
  OnlineParams,
  OnlineResult,
} from './call-shapes.js'
export { errorCodes, isErrorCode, type ErrorCode, type ErrorFacts } from './error-codes.js'
export { canonicalRoomId, isRoomId, isUserId, isUserName } from './ids.js'
export {
  isMethod,
  parseNotification,
  parseRequest,
  parseResponse,
  parseResult,
  writeError,
  writeNotification,
  writeRequest,
  writeResult,
  type Refusal,
  type Request,
  type RequestId,
  type RequestReading,
  type Response,
  type ResponseError,
} from './json-rpc.js'
export { Mismatch } from './shape.js'
export { DEFAULT_BAN_MS, DEFAULT_INVITE_MS, DEFAULT_RING_MS, limits, PROTOCOL_VERSION } from './limits.js'
export type {
  ClientKind,
  IceServer,
  MemberKind,
  MessageKind,
  NetworkQuality,
  OfferedTrack,
  PlayAddresses,
  PublishedStreamType,
  PublishedTrack,
  PushAddress,
  RemoteTrack,
  RequestedRole,
  Role,
  RoomId,
  RoomInfo,
  RoomLimits,
  StreamType,
  TrackKind,
  User,
  UserStream,
  StreamSubscription,
} from './model.js'
export type {
  CloseReason,
  ExitReason,
  MediaAvailable,
  Notification,
  NotificationMethod,
  NotificationParams,
  Notifications,
  OfferParams,
  PublishedParams,
  PublishState,
  ReceivedMessage,
} from './notifications.js'
export type {
  Empty,
  EnterParams,
  EnterResult,
  InviteParams,
  InviteResult,
  MediaStateParams,
  MixParams,
  Netstatus,
  RenewParams,
  ReportParams,
  SendMessageParams,
  SubscribeParams,
} from './request-shapes.js'
export type { CallMethod, ParamsOf, RequestMethod, Requests, ResultOf } from './requests.js'
export { isCallMethod, mayRequest, requests } from './requests.js'
export {
  CallSession,
  type CallNotification,
  type CallSessionEvent,
  type CallSessionMethod,
  type CallSessionOptions,
} from './call-session/call-session.js'
export { CallStory, type CallHappening, type CallHappenings, type CallRole } from './call-session/call-story.js'
export type { SessionEnterParams } from './room-session/credentials.js'
export { RoomSession, type RoomSessionOptions } from './room-session/room-session.js'
export type {
  EndedEvent,
  EndReason,
  EnteredEvent,
  EntryKind,
  FailureEvent,
  NotificationEvent,
  ResponseEvent,
  SessionEvent,
  SessionInput,
  SessionMethod,
  SessionOutput,
  SessionState,
  StateEvent,
  UsersEvent,
} from './room-session/session-events.js'
export { DEFAULT_SESSION_LIMITS, type SessionLimits } from './room-session/session-limits.js'
