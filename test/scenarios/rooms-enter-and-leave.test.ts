import { expect, test } from 'vitest'
import { MS, SECOND } from './stage.js'
import { RoomStage } from './room-stage.js'

test('a new member sees the others, and they see it immediately', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.enter('bob')
  expect(bob.users().map((user) => [user.userId, user.role, user.kind])).toEqual([['alice', 'owner', 'browser']])
  expect(bob.member.enterResult().self).toEqual({ userId: 'bob', role: 'anchor' })
  alice.connection.take()
  stage.clock.advance(1 * MS)
  expect(alice.users().map((user) => user.userId)).toEqual(['bob'])
  expect(alice.connection.take()).toEqual(['room.userEnter'])
  bob.member.leave()
  stage.clock.advance(50 * MS)
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'left' }])
  expect(alice.users()).toEqual([])
})

test('changes within 50 ms fold into one list, and changes undone by then are not reported', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  alice.connection.take()
  const first = stage.enter('first')
  stage.clock.advance(1 * MS)
  for (let i = 0; i < 10; i++) stage.enter(`user${String(i)}`)
  first.member.leave()
  stage.enter('brief').member.leave()
  stage.clock.advance(60 * MS)
  expect(alice.connection.all('room.userList')).toHaveLength(2)
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'first', reason: 'left' }])
  expect(alice.connection.all('room.userEnter').map(({ user }) => user.userId)).not.toContain('brief')
  expect(alice.users()).toHaveLength(10)
})

test('a new member is not notified of what its entry already listed', () => {
  const stage = new RoomStage()
  stage.enter('alice')
  const bob = stage.enter('bob')
  stage.settle()
  expect(bob.connection.told).toEqual([])
})

test('a room is deleted exactly one minute after the last member left, unless a user enters', () => {
  const stage = new RoomStage()
  stage.settled('alice').member.leave()
  stage.clock.advance(59 * SECOND)
  expect(stage.rooms.list()).toHaveLength(1)
  const bob = stage.enter('bob')
  stage.clock.advance(120 * SECOND)
  expect(stage.rooms.counts).toEqual({ rooms: 1, participants: 1, devices: 0 })
  bob.member.leave()
  stage.clock.advance(61 * SECOND)
  expect(stage.rooms.counts).toEqual({ rooms: 0, participants: 0, devices: 0 })
  expect(stage.hub.size).toBe(0)
  expect(stage.rooms.tokens.size).toBe(0)
})

test('creating a room and entering one each require their permission', () => {
  const stage = new RoomStage()
  const guest = { permissions: { createRoom: false } }
  expect(() => stage.enter('guest', guest)).toThrow(expect.objectContaining({ code: 'ROOM_NOT_FOUND' }) as Error)
  expect(() => stage.enter('none', { permissions: { enter: false } })).toThrow(
    expect.objectContaining({ code: 'NO_PERMISSION' }) as Error,
  )
  stage.enter('alice')
  expect(stage.enter('guest', guest).member.role).toBe('anchor')
})
