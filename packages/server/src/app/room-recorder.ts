import { StateError } from '../jobs/index.js'
import { RecordRefused, type Recordings } from '../record/index.js'
import { RoomError, type RoomRecorder } from '../rooms/index.js'

/** Recordings, as rooms and their owners see them. */
export function roomRecorder(recordings: Recordings): RoomRecorder {
  const stopOwn = async (roomId: string): Promise<void> => {
    const own = recordings.ofRoom(roomId).filter(({ source }) => source === 'owner')
    await Promise.all(own.map(({ id }) => recordings.stop(id)))
  }
  return {
    isRecorded: (roomId) => recordings.ofRoom(roomId).length > 0,
    start: async (room) => {
      if (recordings.ofRoom(room).some(({ isWhole }) => isWhole)) return
      try {
        await recordings.start({ room }, 'owner')
      } catch (error) {
        if (error instanceof RecordRefused) throw new RoomError('MEDIA_CAPACITY', error.message)
        if (error instanceof StateError) throw new RoomError('INTERNAL', 'The recording could not be kept.')
        throw error
      }
    },
    stop: async (roomId) => {
      await stopOwn(roomId)
      if (recordings.ofRoom(roomId).length > 0)
        throw new RoomError(
          'RECORDED_BY_SERVER',
          'The operator of the server records this room, and only the operator can stop that.',
        )
    },
    over: (roomId) => void stopOwn(roomId).catch(() => undefined),
  }
}
