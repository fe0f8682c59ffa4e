import type { ExitReason, MemberKind, PublishedStreamType, Role } from '@crossroom/protocol'
import type { Permissions } from '../auth/index.js'
import type { ListedStream } from './media/listed-stream.js'
import type { RoomChanges } from './media/room-changes.js'
import type { Kinds } from './model/policy.js'
import type { Person } from './model/roster.js'

/** The room as its members see it. */
export interface MemberRoom {
  readonly id: string
  /** Told by the member's streams. */
  readonly changes: RoomChanges
  /** Idempotent. */
  exit(member: Member, reason: ExitReason): void
}

/** A member of a room, on this node or another, with or without a socket. */
export interface Member extends Person {
  readonly userName: string
  readonly kind: MemberKind
  readonly remoteAddress: string
  /** Unix milliseconds. */
  readonly enteredAtMs: number
  /** Grows with every entry of the same user on any node: the highest is the one that is there. */
  readonly epoch: number
  /** Everybody but the audience is listed, may be seen and counts as an anchor. */
  readonly isListed: boolean
  readonly permissions: Permissions
  /** Its addresses are bound to it; undefined for members without a socket. */
  readonly sessionId: string | undefined
  /** Names its streams, on whichever node it is. */
  readonly mediaId: string
  readonly streams: Iterable<ListedStream>
  streamOf(streamType: PublishedStreamType): ListedStream | undefined
  /** Hands its streams over, and gets no further events of them. */
  giveStreams(): readonly ListedStream[]
  /** Replaces the same user: the streams pass on, so that their players stay connected. */
  adopt(mediaId: string, streams: readonly ListedStream[]): void
  /** The kinds muted by others have changed. */
  applyMutes(): void
  /** The member left in any way: closes its resources without a notification. Idempotent. */
  close(): void
  /** Changed by the roster only; see `applyMutes`. */
  mutedByOthers: Kinds
  /** Changed by the roster only. */
  role: Role
}
