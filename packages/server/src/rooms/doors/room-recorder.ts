/** Recordings of this node, as rooms see them. */
export interface RoomRecorder {
  /** By the owner, a rule or the API, and be it one member of it. */
  isRecorded(roomId: string): boolean
  /** For the owner, until the room is over; nothing happens when the whole room is recorded. Rejects with RoomError. */
  start(roomId: string): Promise<void>
  /** Ends what the owner started. Rejects with RoomError when the operator of the server records the room. */
  stop(roomId: string): Promise<void>
  /** Nobody is there who could stop what the owner started. */
  over(roomId: string): void
}
