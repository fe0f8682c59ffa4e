export { errorCodes, isErrorCode } from '@crossroom/protocol'
export { playsOf } from './core/known-plays.js'
export { NetReports } from './core/net-reports.js'
export { PhoneSession, type PhoneSessionHandlers, type PhoneSessionOptions } from './core/phone-session.js'
export type { Platform, Socket, SocketHandlers } from './core/platform.js'
export { PlayRoute } from './core/play-route.js'
export { playerCodes, PusherCodes, pusherCodes, type PlayProtocol, type PusherEvent } from './core/pusher-codes.js'
export { PushKeeper, type PushKeeperOptions } from './core/push-keeper.js'
export {
  factsOf,
  RoomClient,
  RoomError,
  type EnterOptions,
  type RoomClientHandlers,
  type RoomClientOptions,
  type RoomEnd,
} from './core/room-client.js'
export {
  formatRoomUrl,
  isPrivateHost,
  isRoomUrl,
  parseRoomUrl,
  RoomUrlError,
  signalUrlOf,
  type RoomAddress,
  type RoomUrlParts,
} from './core/room-url.js'
export { version } from './core/version.js'
export { isAndroid, isDevTools, restartPusher, wxPlatform } from './core/wx-platform.js'
export {
  attributesOf,
  PLAYER_ATTRIBUTES,
  PLAYER_EVENTS,
  PUSHER_ATTRIBUTES,
  PUSHER_EVENTS,
  type AttributeValue,
  type TagAttribute,
  type TagAttributes,
} from './tags/attributes.js'
export {
  Client,
  type ClientEvents,
  type ClientOptions,
  type MutedAttributes,
  type MuteTarget,
  type NetStatusDetail,
  type StateChangeDetail,
} from './headless/client.js'
export type { PlayableType, RemoteStream } from './headless/remote-streams.js'
