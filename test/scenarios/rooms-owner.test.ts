import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'

test('when the owner leaves, the longest-present anchor who may create rooms becomes the owner', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.settled('guest', { permissions: { createRoom: false } })
  const bob = stage.settled('bob')
  const carol = stage.settled('carol')
  alice.member.leave()
  stage.settle()
  expect([bob.member.role, carol.member.role]).toEqual(['owner', 'anchor'])
  expect(carol.connection.all('room.roleChanged')).toEqual([{ userId: 'bob', role: 'owner' }])
  expect(carol.users().find(({ userId }) => userId === 'bob')!.role).toBe('owner')
})

test('a member whose token makes it the owner takes over from the first member', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const host = stage.settled('host', { identity: { isOwner: true }, permissions: { createRoom: false } })
  expect([alice.member.role, host.member.role]).toEqual(['anchor', 'owner'])
  expect(alice.connection.all('room.roleChanged')).toEqual([
    { userId: 'alice', role: 'anchor' },
    { userId: 'host', role: 'owner' },
  ])
  expect(host.connection.all('room.roleChanged')).toEqual([])
  expect(() => alice.member.request('room.kick', { userId: 'host' })).toThrow(
    expect.objectContaining({ code: 'ROLE_FORBIDDEN' }) as Error,
  )
})

test('an owner without a socket stays the owner until it is gone', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  alice.member.lost()
  stage.settle()
  expect(bob.member.role).toBe('anchor')
  stage.clock.advance(60_000_000)
  expect(bob.member.role).toBe('owner')
})

test('an owner who becomes audience hands the room on; an anchor who enters a room without an owner becomes its owner', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  alice.member.request('room.switchRole', { role: 'audience' })
  expect(alice.member.request('room.info', {}).ownerId).toBeNull()
  const bob = stage.settled('bob')
  expect(bob.member.role).toBe('owner')
  alice.member.request('room.switchRole', { role: 'anchor' })
  expect([alice.member.role, bob.member.role]).toEqual(['anchor', 'owner'])
  bob.member.request('room.switchRole', { role: 'audience' })
  expect(alice.member.role).toBe('owner')
})

test('disbanding a room transfers its ownership to no other member', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const others = ['bob', 'carol', 'dave'].map((name) => stage.settled(name))
  void alice.member.request('room.disband', {})
  for (const { connection } of others) {
    expect(connection.closed).toBe('disbanded')
    expect(connection.all('room.roleChanged')).toEqual([])
  }
})

test('a room created in advance can be entered without the permission to create rooms, and without owning it', () => {
  const stage = new RoomStage()
  stage.rooms.open('room')
  const phone = stage.settled('phone', { permissions: { createRoom: false } })
  expect([phone.member.role, phone.member.request('room.info', {}).ownerId]).toEqual(['anchor', null])
  const alice = stage.settled('alice')
  expect([alice.member.role, phone.member.role]).toEqual(['owner', 'anchor'])
  alice.member.leave()
  stage.settle()
  expect(phone.member.role).toBe('anchor')
  expect(stage.settled('bob').member.role).toBe('owner')
})

test('a room created in advance is deleted if it stays empty', () => {
  const stage = new RoomStage()
  stage.rooms.open('room')
  stage.clock.advance(61_000_000)
  expect(stage.rooms.list()).toEqual([])
})
