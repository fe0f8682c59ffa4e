import type { Micros } from '@crossroom/media'
import { roomLimits } from '../config/index.js'
import { RoomError } from '../rooms/index.js'
import { ApiError } from './errors.js'

/** Waits. */
export interface Deadlines {
  after(delay: Micros, callback: () => void): () => void
}

/**
 * Returns the answers of rooms, wherever they live. Rejects with ApiError: 404 if something does not exist, 504 after a
 * timeout.
 */
export async function answered<Answer>(clock: Deadlines, answer: Promise<Answer>): Promise<Answer> {
  let cancel: (() => void) | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const error = new ApiError(504, 'TIMEOUT', 'The room did not answer in time.')
    cancel = clock.after(roomLimits.answerMicros, () => reject(error))
  })
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    throw error instanceof RoomError ? new ApiError(404, error.code, error.message) : error
  } finally {
    cancel?.()
  }
}
