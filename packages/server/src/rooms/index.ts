export type { AudioMix, AudioMixer, AudioMixOptions } from './media/audio-mixer.js'
export type { Composer, CompositeLayout, CompositeScene } from './media/composer.js'
export type { EnterRequest } from './doors/enter-request.js'
export type {
  DownOffer,
  MediaGateway,
  MemberMedia,
  MemberMediaHandlers,
  MemberMediaOptions,
  SubscribedTrack,
} from './media/media-gateway.js'
export type { AddressBook, MemberConnection } from './view/member-connection.js'
export type { MemberMethod, ParticipantRequests, RoomEnterResult } from './doors/participant-requests.js'
export type { Membership, ResumeOrigin, RoomDirectory } from './doors/room-directory.js'
export type { MemberSummary, RoomOperations, RoomSummary } from './doors/room-operations.js'
export type { CompositeOperations } from './doors/composite-operations.js'
export type { CompositeChange, CompositeRefusal, CompositeRequest, CompositeSummary } from './view/composite-request.js'
export type { RoomRecorder } from './doors/room-recorder.js'
export type { GuestPass } from './model/invitations.js'
export { LocalComposites } from './local-composites.js'
export { LocalDirectory } from './local-directory.js'
export { LocalOperations } from './local-operations.js'
export { ROOM_APPS, RoomGate, type RoomGateOptions } from './doors/room-gate.js'
export { tokenPath } from './media/media-tokens.js'
export { SealedAddresses } from './media/sealed-addresses.js'
export { SealedSessions } from './doors/sealed-sessions.js'
export type { StreamPlace, StreamPlaces } from './network/stream-places.js'
export { RoomError, type RoomErrorCode } from './model/room-error.js'
export type {
  DocumentMember,
  DocumentStream,
  RoomCommand,
  RoomDocument,
  RoomEvent,
  RoomHead,
} from './network/room-document.js'
export type { NetworkRoom, RoomNetwork, RoomNetworkHandlers, RoomsNetwork } from './network/room-network.js'
export { Rooms, type RoomCounts } from './rooms.js'
export type { RoomMemberNews, RoomsCluster, RoomsOptions } from './services.js'
export type { MeasuredSound, SoundMeter } from './media/sound-meter.js'
