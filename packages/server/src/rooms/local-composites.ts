import type { CompositeOperations } from './doors/composite-operations.js'
import { RoomError } from './model/room-error.js'
import { promised } from './promised.js'
import type { Rooms } from './rooms.js'
import type { CompositeChange, CompositeRefusal, CompositeRequest, CompositeSummary } from './view/composite-request.js'
import type { RoomComposites } from './view/room-composites.js'

/** The composites of the rooms of this process. */
export class LocalComposites implements CompositeOperations {
  readonly #rooms: Rooms

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  list(roomId: string): Promise<readonly CompositeSummary[]> {
    return promised(() => this.#of(roomId).list())
  }

  async make(roomId: string, request: CompositeRequest): Promise<CompositeSummary | CompositeRefusal> {
    return this.#of(roomId).make(request)
  }

  change(
    roomId: string,
    id: string,
    change: CompositeChange,
  ): Promise<CompositeSummary | CompositeRefusal | undefined> {
    return promised(() => this.#of(roomId).change(id, change))
  }

  end(roomId: string, id: string): Promise<boolean> {
    return promised(() => this.#of(roomId).end(id))
  }

  #of(roomId: string): RoomComposites {
    const room = this.#rooms.get(roomId)
    if (room === undefined) throw new RoomError('ROOM_NOT_FOUND', 'There is no such room.')
    return room.composites
  }
}
