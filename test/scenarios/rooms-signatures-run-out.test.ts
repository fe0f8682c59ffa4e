import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { SECOND } from './stage.js'

const DAY_MS = 24 * 3600 * 1000

test('a minute before the end it is told, and at the end the session is over', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const expiresAt = stage.nowMs + 300_000
  const bob = stage.settled('bob', { identity: { expiresAt } })
  expect(bob.member.enterResult().expiresAt).toBe(expiresAt)
  stage.clock.advance(238 * SECOND)
  expect(bob.connection.all('room.expiring')).toEqual([])
  stage.clock.advance(2 * SECOND)
  expect(bob.connection.all('room.expiring')).toEqual([{ expiresAt }])
  stage.clock.advance(60 * SECOND)
  expect(bob.connection.closed).toBe('expired')
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'expired' }])
})

test('who renews in time stays, and is told again before the new end', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob', { identity: { expiresAt: stage.nowMs + 100_000 } })
  stage.clock.advance(90 * SECOND)
  const expiresAt = stage.nowMs + 200_000
  expect(bob.member.renewed(stage.identity('bob', { identity: { expiresAt } }))).toEqual({ expiresAt })
  stage.clock.advance(150 * SECOND)
  expect(bob.connection.closed).toBeUndefined()
  expect(bob.connection.all('room.expiring')).toHaveLength(2)
  stage.clock.advance(60 * SECOND)
  expect(bob.connection.closed).toBe('expired')
})

test('a signature of 180 days does not overflow a timer', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob', { identity: { expiresAt: stage.nowMs + 180 * DAY_MS } })
  stage.clock.advance(179 * DAY_MS * 1000)
  expect(bob.connection.closed).toBeUndefined()
  stage.clock.advance(1 * DAY_MS * 1000)
  expect(bob.connection.closed).toBe('expired')
})
