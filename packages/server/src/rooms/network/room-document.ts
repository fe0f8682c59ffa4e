import type {
  ExitReason,
  MemberKind,
  NotificationParams,
  PublishedStreamType,
  ReceivedMessage,
  TrackKind,
} from '@crossroom/protocol'
import type { Kinds } from '../model/policy.js'

/** What one node tells of its members in one room: always the whole. */
export interface RoomDocument {
  /** Grows with every change, also over restarts of the node. */
  readonly version: number
  /** Of the node's life: a document of a later life says nothing of the members of this one. */
  readonly instance: string
  /** Of the head that its members entered under; 0 where the node knew none. */
  readonly generation: number
  readonly members: readonly DocumentMember[]
  /** Audience beyond those that are named. */
  readonly unnamed: number
  /** Members that left not long ago, and why: others show it. */
  readonly left: Readonly<Record<string, ExitReason>>
  /** Names of the keys of streams that members of other nodes publish here. */
  readonly carries: readonly string[]
  /** This node records members of the room. Absent from older nodes. */
  readonly recorded?: boolean | undefined
}

export interface DocumentMember {
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  /** The owner stands in the head. */
  readonly role: 'anchor' | 'audience' | 'device'
  readonly epoch: number
  /** Names its streams. */
  readonly mediaId: string
  /** Its addresses are bound to it. Devices have none. */
  readonly sessionId?: string | undefined
  /** May own the room. */
  readonly createRoom: boolean
  readonly muted: Kinds
  /** Of the last mute by another; absent by the API. */
  readonly mutedBy?: string | undefined
  readonly roleBy?: string | undefined
  /** For the microphone. */
  readonly asking: boolean
  readonly remoteAddress: string
  /** Unix milliseconds. */
  readonly enteredAt: number
  readonly streams: readonly DocumentStream[]
}

/** A member's main or aux stream. */
export interface DocumentStream {
  readonly streamType: PublishedStreamType
  readonly isShown: boolean
  readonly kinds: Kinds
  readonly tracks: Kinds
  /** Nothing of these kinds may leave any node. */
  readonly withheld: Kinds
  readonly rotation: 0 | 90 | 180 | 270
  readonly width?: number
  readonly codecs: readonly string[]
  /** The lower simulcast layer, while it lives. */
  readonly small?: { readonly kinds: Kinds; readonly rotation: 0 | 90 | 180 | 270; readonly width?: number }
}

/** What is decided once for a room, by compare-and-set. */
export interface RoomHead {
  /** User id; null while nobody owns it. */
  readonly owner: string | null
  /** Grows when the room is disbanded: members of an earlier one are out. */
  readonly generation: number
  /** Unix milliseconds. */
  readonly createdAt: number
  /** Tags of the nodes with members. */
  readonly nodes: readonly string[]
}

/** What passes by: each node tells it to its members. */
export type RoomEvent =
  | { readonly kind: 'message'; readonly message: ReceivedMessage }
  | { readonly kind: 'levels'; readonly levels: NotificationParams<'media.levels'>['levels'] }
  | { readonly kind: 'quality'; readonly quality: NotificationParams<'media.quality'> }
  /** `until`: unix milliseconds. */
  | { readonly kind: 'banned'; readonly userId: string; readonly until: number }

/** What a node is asked to do with one of its members. */
export type RoomCommand =
  | { readonly do: 'kick'; readonly userId: string; readonly banMs: number }
  | {
      readonly do: 'mute'
      readonly userId: string
      readonly kind: TrackKind
      readonly muted: boolean
      readonly by?: string | undefined
    }
  | { readonly do: 'answerMic'; readonly userId: string; readonly accepted: boolean; readonly by?: string | undefined }
  | { readonly do: 'removeMic'; readonly userId: string; readonly by?: string | undefined }
  /** The owner, who is on another node, starts or ends the recording. */
  | { readonly do: 'record'; readonly recording: boolean }
  | { readonly do: 'redeem'; readonly invite: string }
