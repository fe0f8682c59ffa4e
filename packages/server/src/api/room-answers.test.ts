import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { roomLimits } from '../config/index.js'
import { RoomError } from '../rooms/index.js'
import { answered } from './room-answers.js'

test('an operator is answered in time, or told that the room was late', async () => {
  const clock = new VirtualClock(0)
  const late = answered(clock, new Promise(() => undefined))
  clock.advance(roomLimits.answerMicros)
  await expect(late).rejects.toMatchObject({ statusCode: 504, code: 'TIMEOUT' })
  await expect(answered(clock, Promise.resolve(7))).resolves.toBe(7)
  const gone = new RoomError('ROOM_NOT_FOUND', 'There is no such room.')
  await expect(answered(clock, Promise.reject(gone))).rejects.toMatchObject({ statusCode: 404, code: 'ROOM_NOT_FOUND' })
  await expect(answered(clock, Promise.reject(new Error('down')))).rejects.toThrow('down')
  expect(clock.pending).toBe(0)
})
