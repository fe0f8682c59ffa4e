export type { AudioMix, AudioMixer, AudioMixOptions } from './audio-mixer.js'
export type { EnterRequest } from './enter-request.js'
export type {
  DownOffer,
  MediaGateway,
  MemberMedia,
  MemberMediaHandlers,
  MemberMediaOptions,
  OfferedTrack,
  WishedTrack,
} from './media-gateway.js'
export type { AddressBook, MemberConnection } from './member-connection.js'
export type { ParticipantRequests, RoomEnterResult } from './participant-requests.js'
export type { RoomDirectory } from './room-directory.js'
export { Room } from './room.js'
export { ROOM_APPS, RoomGate, type RoomGateOptions } from './room-gate.js'
export { RoomError, type RoomErrorCode } from './room-error.js'
export { Rooms, type RoomCounts } from './rooms.js'
export type { RoomsOptions } from './services.js'
export type { MeasuredSound, SoundMeter } from './sound-meter.js'
