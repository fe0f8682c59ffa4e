import type { Micros } from '@crossroom/media'
import type { MediaMessageType } from '../message/message-type.js'
import type { ProtocolError } from '../protocol-error.js'

/** A client introduced itself; it has been answered already, admission comes with publish and play. */
export interface ConnectEvent {
  readonly type: 'connect'
  /** Without arguments and without a slash at its end. Not checked for its characters. */
  readonly app: string
  readonly tcUrl: string
  /** Arguments of tcUrl and application name. */
  readonly query: ReadonlyMap<string, string>
  readonly flashVer: string
  /** The client knows Enhanced RTMP: it named the FourCCs that it can send or play. */
  readonly isEnhanced: boolean
}

/** A client wants to publish; answer with `acceptPublish` or `refusePublish`. */
export interface PublishEvent {
  readonly type: 'publish'
  readonly streamId: number
  readonly app: string
  /** Without arguments. Not checked for its characters. */
  readonly streamName: string
  /** Arguments of tcUrl, application name and stream name. */
  readonly query: ReadonlyMap<string, string>
  /** `live`, `record` or `append`, as the client says; empty when it does not. */
  readonly publishingType: string
}

/** A client wants to play; answer with `acceptPlay` or `refusePlay`. */
export interface PlayEvent {
  readonly type: 'play'
  readonly streamId: number
  readonly app: string
  readonly streamName: string
  readonly query: ReadonlyMap<string, string>
}

/** A message of an accepted publisher, or to a player: the body of a tag of FLV. */
export interface MediaEvent {
  readonly type: 'media'
  readonly streamId: number
  readonly messageType: MediaMessageType
  /** Without wraps (see `TimestampUnwrapper`); small negative values are possible. */
  readonly timestampMs: number
  /** Never written again; for type 18 the plain script data, without `@setDataFrame`. */
  readonly payload: Uint8Array
  /** When its last byte came. */
  readonly receivedAt: Micros
}

/** A publisher, accepted or still waiting for the answer, ended its stream. The connection stays. */
export interface UnpublishEvent {
  readonly type: 'unpublish'
  readonly streamId: number
}

/** A player, accepted or still waiting for the answer, ended its stream. The connection stays. */
export interface StopPlayEvent {
  readonly type: 'stopPlay'
  readonly streamId: number
}

/** A player paused or goes on; it has been answered already. */
export interface PauseEvent {
  readonly type: 'pause'
  readonly streamId: number
  readonly paused: boolean
}

/** The last event. All streams have ended with it; the transport should be closed once the output is written. */
export interface ClosedEvent {
  readonly type: 'closed'
  /** The peer's fault; absent if the owner closed the session. */
  readonly error?: ProtocolError
}

export type RtmpServerEvent =
  ConnectEvent | PublishEvent | PlayEvent | MediaEvent | UnpublishEvent | StopPlayEvent | PauseEvent | ClosedEvent
