import type { RoomCommand, RoomDocument, RoomEvent, RoomHead } from './room-document.js'

/** What rooms need of the other nodes of a cluster; `cluster/documents` implements it. A single node has none. */
export interface RoomsNetwork {
  /** Four characters that name this node in the cluster. */
  readonly tag: string
  /** What people call a node, by its tag. */
  nameOf(tag: string): string
  /** The nodes cannot be asked, and nothing can be claimed. */
  readonly isLost: boolean
  /** Whether rooms take new members even so. */
  readonly entersWhileLost: boolean
  /** Another node takes members. */
  readonly hasOthers: boolean
  /** Begins to listen to a room. */
  join(roomId: string, handlers: RoomNetworkHandlers): RoomNetwork
  /** A shared address holds until then, in unix milliseconds. Rejects with RoomError when that cannot be written now. */
  share(holder: string, until: number): Promise<void>
  /** Rejects with RoomError when that cannot be known now. */
  isShared(holder: string): Promise<boolean>
  /** False when it was none. Rejects with RoomError when that cannot be written now. */
  unshare(holder: string): Promise<boolean>
  /** Every room of the cluster. Rejects with RoomError when that cannot be known now. */
  list(): Promise<readonly NetworkRoom[]>
}

/** A room as the nodes have written it. */
export interface NetworkRoom {
  readonly roomId: string
  readonly head: RoomHead
  readonly documents: readonly RoomDocument[]
}

/** Told to one room. Never called within a call of the network. */
export interface RoomNetworkHandlers {
  /** A node told its whole state. `tag`: of that node, never this one. */
  document(tag: string, document: RoomDocument): void
  /** The head is another than before. Undefined: there is none. */
  head(head: RoomHead | undefined): void
  event(event: RoomEvent): void
  /** Another node asks. Rejects or throws RoomError. */
  command(command: RoomCommand): unknown
  /** A node cannot be reached any more, or again. */
  reachable(tag: string, isReachable: boolean): void
  /** The engine is back: what could not be claimed may be claimed now. */
  recovered(): void
}

/** One room of the cluster, as one node takes part in it. */
export interface RoomNetwork {
  /** Resolves when the head, the documents and the bans are known, or cannot be known in a moment. Never rejects. */
  readonly known: Promise<void>
  /** False until then, and where it could not be known. */
  readonly isKnown: boolean
  readonly head: RoomHead | undefined
  /** Tags of the other nodes with a document. */
  readonly others: readonly string[]
  isReachable(tag: string): boolean
  /** This node's state, whenever it has changed. */
  tell(document: Omit<RoomDocument, 'version' | 'instance'>): void
  /** To all other nodes, in the order of the calls, documents included. */
  broadcast(event: RoomEvent): void
  /** Rejects with RoomError: what the other node says, or CLUSTER_UNAVAILABLE without an answer. */
  ask(tag: string, command: RoomCommand): Promise<unknown>
  /**
   * Changes the head by compare-and-set: `edit` gets the newest and answers the next, or undefined to leave it. Resolves with
   * the head that holds then. Rejects when that cannot be known now.
   */
  change(edit: (head: RoomHead | undefined) => RoomHead | undefined): Promise<RoomHead | undefined>
  /** Kept until it is written. `until`: unix milliseconds. */
  ban(userId: string, until: number): void
  /** Until when, in unix milliseconds; undefined where there is none or it cannot be known in a moment. */
  banOf(userId: string): Promise<number | undefined>
  /** This node has no members any more. Idempotent. */
  leave(): void
  /** This node goes: what it has told stays, so that its members are awaited on the others. Idempotent. */
  abandon(): void
}
