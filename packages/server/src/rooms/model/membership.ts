import { createHash } from 'node:crypto'
import type { ClientKind, PublishedStreamType, Role } from '@crossroom/protocol'
import type { Permissions } from '../../auth/index.js'

/** What makes a membership the same one when it goes on by another session or on another node. */
export interface EarlierMembership {
  /** The holder of its addresses. */
  readonly sessionId: string
  /** Names its streams; see `streamIdOf`. */
  readonly mediaId: string
  /** The next one is higher: of two nodes with the same user, the higher one has it. */
  readonly epoch: number
}

/** A membership as its resume token carries it. */
export interface SessionClaim extends EarlierMembership {
  readonly roomId: string
  readonly userId: string
  readonly userName: string
  readonly kind: ClientKind
  readonly role: Role
  readonly permissions: Permissions
  /** Of the room: disbanding it makes older tokens void. */
  readonly generation: number
  /** Of the signature, in Unix milliseconds. */
  readonly expiresAt: number | undefined
}

/** The random part of the key of a member's stream, the same on every node. */
export function streamIdOf(mediaId: string, streamType: PublishedStreamType): string {
  if (streamType === 'main') return mediaId
  return createHash('sha256').update(`${mediaId} ${streamType}`).digest().subarray(0, 16).toString('base64url')
}

/** A time, so that it rises from one life of a room to the next, and always above the one before. */
export function epochAfter(earlier: Pick<EarlierMembership, 'epoch'> | undefined, nowMs: number): number {
  return Math.max(nowMs, (earlier?.epoch ?? 0) + 1)
}
