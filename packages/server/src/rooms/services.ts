import type { Clock, StreamHub } from '../hub/index.js'
import type { StreamProtocol } from '../auth/index.js'
import type { Audit, Log } from '../observe/index.js'
import type { AudioMixer } from './media/audio-mixer.js'
import type { Composer } from './media/composer.js'
import type { Bans } from './model/bans.js'
import type { MediaGateway } from './media/media-gateway.js'
import type { RoomRecorder } from './doors/room-recorder.js'
import type { SealedSessions } from './doors/sealed-sessions.js'
import type { MediaTokens } from './media/media-tokens.js'
import type { SealedAddresses } from './media/sealed-addresses.js'
import type { SoundMeter } from './media/sound-meter.js'
import type { RoomsNetwork } from './network/room-network.js'
import type { StreamPlaces } from './network/stream-places.js'
import type { StreamLayers } from './media/stream-layers.js'

/** Rooms in a cluster: the other nodes, and addresses and tokens that every node understands. */
export interface RoomsCluster {
  readonly network: RoomsNetwork
  readonly addresses: SealedAddresses
  readonly sessions: SealedSessions
}

/** Somebody entered a room, or left it. */
export interface RoomMemberNews {
  readonly roomId: string
  readonly userId: string
  readonly userName: string
  readonly is: 'here' | 'gone'
}

/** Dependencies of rooms. */
export interface RoomsOptions {
  readonly clock: Clock
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  /** Makes at most 32 characters of `[A-Za-z0-9_-]`, 128 bits of them random: addresses, sessions, messages. */
  readonly newId: () => string
  /** 0 ≤ x < 1, for jitter only. */
  readonly random: () => number
  readonly hub: StreamHub
  /** Protocols whose players get FLV streams unchanged and conversions of all others, decided at their start. */
  readonly flvProtocols: ReadonlySet<StreamProtocol>
  /** Absent while WebRTC is off. */
  readonly mediaGateway?: MediaGateway | undefined
  /** Absent without codecs. */
  readonly mixer?: AudioMixer | undefined
  /** Absent without codecs. */
  readonly composer?: Composer | undefined
  /** Absent without codecs: then members that report no level count as quiet speakers. */
  readonly soundMeter?: SoundMeter | undefined
  /** Absent on a single node. */
  readonly cluster?: RoomsCluster | undefined
  readonly log: Log
  /** Called with the inviting and the invited user; absent without an audit. */
  readonly audit?: Audit | undefined
  /** Whether a user may enter a room whose members a call decides on; undefined for any other room. Absent without calls. */
  readonly mayEnter?: (roomId: string, userId: string) => boolean | undefined
  /** Told of everybody who enters or leaves a room on this node. */
  readonly onMember?: (member: RoomMemberNews) => void
  /** Undefined without a folder for recordings. */
  readonly recorder?: () => RoomRecorder | undefined
  /** Whether invited guests could enter: it requires a signing secret. Absent is yes. */
  readonly letsGuestsIn?: () => boolean
}

/** The same for one room, with the shared parts. */
export interface RoomServices extends RoomsOptions {
  readonly tokens: MediaTokens
  readonly bans: Bans
  readonly layers: StreamLayers
  /** Of the streams that other nodes publish; nothing alone. */
  readonly places: StreamPlaces
  /** Members of a room came or went on other nodes. */
  readonly changedElsewhere: (roomId: string) => void
}
