import type {
  CompositeChange,
  CompositeRefusal,
  CompositeRequest,
  CompositeSummary,
} from '../view/composite-request.js'

/** The composites of rooms. Rejects with RoomError ROOM_NOT_FOUND. */
export interface CompositeOperations {
  /** In order of creation. */
  list(roomId: string): Promise<readonly CompositeSummary[]>
  make(roomId: string, request: CompositeRequest): Promise<CompositeSummary | CompositeRefusal>
  /** Undefined when the room has none of this id. */
  change(roomId: string, id: string, change: CompositeChange): Promise<CompositeSummary | CompositeRefusal | undefined>
  /** False when the room has none of this id. */
  end(roomId: string, id: string): Promise<boolean>
}
