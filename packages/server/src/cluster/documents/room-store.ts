import type { RoomCommand, RoomDocument, RoomNetwork } from '../../rooms/index.js'
import type { ClusterEngine } from '../engine/engine.js'
import type { NodeDirectory } from '../nodes/node-directory.js'
import type { Clock } from '../../hub/index.js'

/** What the rooms of one node share. */
export interface RoomStore {
  readonly engine: ClusterEngine
  readonly nodes: NodeDirectory
  readonly clock: Clock
  /** Of this node's life. */
  readonly instance: string
  /** Higher than every earlier one of this node, also before it started anew. */
  nextVersion(): number
  /** Its record is gone from the store. */
  readonly isForgotten: (tag: string) => boolean
  /** Nobody of it can come back. */
  isDead(tag: string, document: RoomDocument): boolean
  /** Rejects with the error that a room throws. */
  command(tag: string, roomId: string, command: RoomCommand): Promise<unknown>
  /** `none`: it has no member in the room. Undefined: it does not answer. */
  documentOf(tag: string, roomId: string): Promise<RoomDocument | 'none' | undefined>
  ban(word: string, userId: string, until: number): void
  /** `unknown`: the store cannot be read in a moment. */
  banOf(word: string, userId: string): Promise<number | 'none' | 'unknown'>
  /** Its failure is one that a room throws. */
  claim<Result>(work: () => Promise<Result>): Promise<Result>
  /** Again until the store takes it, or this node is closed. */
  persist(work: () => Promise<unknown>): Promise<void>
  /** `cleared`: when nothing of it is in the store any more. */
  left(roomId: string, room: RoomNetwork, cleared: Promise<void>): void
}
