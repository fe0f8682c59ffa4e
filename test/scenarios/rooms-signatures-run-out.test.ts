import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { SECOND } from './stage.js'

const DAY_MS = 24 * 3600 * 1000

test('a minute before a signature expires its member is warned, and at the expiry the session ends', () => {
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

test('a member that renews in time stays, and is warned again before the new expiry', () => {
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

test('a device is disconnected with a reason when its signature expires, unless it pushes with a newer one', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const push = async (seconds: number, streamtype?: string) => {
    stage.pushExpiresAt = stage.nowMs + seconds * 1000
    const camera = await stage.push('camera', streamtype === undefined ? {} : { streamtype })
    camera.open()
    return camera
  }
  const first = await push(100)
  stage.clock.advance(50 * SECOND)
  const newer = await push(100)
  first.close('taken-over')
  const screen = await push(300, 'aux')
  stage.clock.advance(99 * SECOND)
  expect([newer.ended, screen.ended]).toEqual([undefined, undefined])
  stage.clock.advance(2 * SECOND)
  expect([first.ended, newer.ended, screen.ended]).toEqual([undefined, 'expired', undefined])
  expect(alice.users()).toHaveLength(1)
  stage.clock.advance(200 * SECOND)
  expect([screen.ended, alice.users()]).toEqual(['expired', []])
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'camera', reason: 'expired' }])
})

test('a member’s push ends when its signature expires, and the member stays', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.settled('bob')
  stage.pushExpiresAt = stage.nowMs + 100_000
  const encoder = await stage.push('bob')
  encoder.open()
  stage.clock.advance(101 * SECOND)
  expect(encoder.ended).toBe('expired')
  expect(alice.users().map(({ userId }) => userId)).toEqual(['bob'])
  expect(alice.connection.all('room.userExit')).toEqual([])
})
