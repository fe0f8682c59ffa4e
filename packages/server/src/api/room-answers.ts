import type { Micros } from '@crossroom/media'
import { roomLimits } from '../config/index.js'
import { RoomError } from '../rooms/index.js'
import { ApiError } from './errors.js'

/** Waits. */
export interface Deadlines {
  after(delay: Micros, callback: () => void): () => void
}

/** What rooms answer, wherever they live. Rejects with ApiError: 404 for what is not there, 504 when they are late. */
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
