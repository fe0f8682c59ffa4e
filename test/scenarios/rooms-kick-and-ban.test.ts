import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { SECOND } from './stage.js'

const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error

test('a kicked member is told, the others learn why, and every protocol refuses it during the ban', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  void alice.member.request('room.kick', { userId: 'bob' })
  expect(bob.connection.closed).toBe('kicked')
  stage.settle()
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'kicked' }])
  expect(() => stage.enter('bob')).toThrow(code('BANNED'))
  expect(await stage.admit('push', 'room', { userid: 'bob' })).toMatchObject({ code: 'BANNED', httpStatus: 403 })
  expect(stage.enter('bob', { room: 'another' }).member.role).toBe('owner')
  stage.clock.advance(60 * SECOND)
  expect(stage.enter('bob').member.role).toBe('anchor')
})

test('a ban outlives its room', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.settled('bob')
  void alice.member.request('room.kick', { userId: 'bob', banMs: 600_000 })
  alice.member.leave()
  stage.clock.advance(300 * SECOND)
  expect(stage.rooms.list()).toEqual([])
  expect(() => stage.enter('bob')).toThrow(code('BANNED'))
})

test('a kick without a ban lets the user come back at once', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.settled('bob')
  void alice.member.request('room.kick', { userId: 'bob', banMs: 0 })
  expect(stage.enter('bob').member.role).toBe('anchor')
})

test('a kicked encoder is disconnected and may not come back', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('camera')
  camera.open()
  stage.settle()
  void alice.member.request('room.kick', { userId: 'camera' })
  expect(camera.ended).toBe('kicked')
  expect(await stage.admit('push', 'room', { userid: 'camera' })).toMatchObject({ code: 'BANNED' })
  stage.settle()
  expect(alice.users()).toEqual([])
})

test('a member can kick neither itself nor an absent user', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  expect(() => alice.member.request('room.kick', { userId: 'alice' })).toThrow(code('BAD_REQUEST'))
  expect(() => alice.member.request('room.kick', { userId: 'nobody' })).toThrow(code('USER_NOT_FOUND'))
})

test('disbanding a room ends all sessions and deletes the room', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob', { role: 'audience' })
  const camera = await stage.push('camera')
  camera.open()
  void alice.member.request('room.disband', {})
  expect([alice.connection.closed, bob.connection.closed, camera.ended]).toEqual(['disbanded', 'disbanded', 'kicked'])
  expect(stage.rooms.counts).toEqual({ rooms: 0, participants: 0, devices: 0 })
  expect(await stage.admit('push', 'room', { userid: 'camera' })).toMatchObject({ code: 'BANNED' })
  expect(stage.hub.size).toBe(0)
  expect(stage.enter('bob').member.role).toBe('owner')
})

test('a draining server sends each member away with its own retry time, and accepts no new ones', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  void stage.rooms.drain()
  expect([alice.connection.closed, alice.connection.retryAfterMs]).toEqual(['drain', 2500])
  expect(() => stage.enter('bob')).toThrow(code('DRAINING'))
  expect(stage.rooms.counts).toEqual({ rooms: 0, participants: 0, devices: 0 })
})
