import type { MemberKind, PublishedStreamType, Role, StreamType, TrackKind } from '@crossroom/protocol'
import type { StreamKey } from '../../hub/index.js'
import type { GuestPass } from '../model/invitations.js'
import type { Kinds } from '../model/policy.js'

/** One room, as operators see it. */
export interface RoomSummary {
  readonly roomId: string
  readonly ownerId: string | null
  /** Unix milliseconds. */
  readonly createdAt: number
  /** Owner, anchors and devices. */
  readonly anchors: number
  readonly audience: number
}

/** One member, as operators see it. */
export interface MemberSummary {
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly remoteAddress: string
  /** Unix milliseconds. */
  readonly enteredAt: number
  /** By the owner or an operator. */
  readonly muted: Kinds
  readonly streams: { readonly streamType: StreamType; readonly hasAudio: boolean; readonly hasVideo: boolean }[]
}

/** A member's stream for a player outside the room. */
export interface ShareRequest {
  readonly userId: string
  readonly streamType: PublishedStreamType
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

/**
 * Operator queries and actions on rooms, wherever a room lives. Rejects with RoomError: ROOM_NOT_FOUND,
 * USER_NOT_FOUND.
 */
export interface RoomOperations {
  /** In order of creation. */
  list(): Promise<readonly RoomSummary[]>
  room(roomId: string): Promise<RoomSummary>
  /** Everybody out; answers how many that were. */
  disband(roomId: string): Promise<number>
  /** The audience included. */
  members(roomId: string): Promise<readonly MemberSummary[]>
  kick(roomId: string, userId: string, banMs: number): Promise<void>
  mute(roomId: string, userId: string, kind: TrackKind, muted: boolean): Promise<MemberSummary>
  /** The key of a member's stream in the hub, for pictures and jobs; undefined when the member has no such stream. */
  streamOf(roomId: string, userId: string, streamType: PublishedStreamType): Promise<StreamKey | undefined>
  /** The token to play the stream by, or why there is none. */
  share(roomId: string, request: ShareRequest): Promise<{ readonly token: string } | 'no-stream' | 'too-many'>
  /** Ends the players of such a token and returns their number; undefined if the room has no such token. */
  unshare(roomId: string, token: string): Promise<number | undefined>
  /** Takes an invitation; undefined when it has run out, was used up, or never was. */
  redeem(roomId: string, invite: string): Promise<GuestPass | undefined>
  /** The users in a room; undefined if it does not exist. */
  usersIn(roomId: string): Promise<ReadonlySet<string> | undefined>
}
