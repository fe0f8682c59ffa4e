import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'

test('the room of an owner who leaves passes to the anchor who is there longest and may create rooms', () => {
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

test('who owns by token takes the room over from whoever was first', () => {
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

test('an owner who lost its socket owns until it is gone', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  alice.member.lost()
  stage.settle()
  expect(bob.member.role).toBe('anchor')
  stage.clock.advance(60_000_000)
  expect(bob.member.role).toBe('owner')
})

test('an owner who steps back hands the room on; an anchor who comes to a room without an owner owns it', () => {
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

test('the room of an owner who disbands it passes to nobody on the way', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const others = ['bob', 'carol', 'dave'].map((name) => stage.settled(name))
  alice.member.request('room.disband', {})
  for (const { connection } of others) {
    expect(connection.closed).toBe('disbanded')
    expect(connection.all('room.roleChanged')).toEqual([])
  }
})

test('who finds a room made ahead may enter without the permission to create it, and owns nothing', () => {
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

test('a room made ahead that nobody enters is forgotten', () => {
  const stage = new RoomStage()
  stage.rooms.open('room')
  stage.clock.advance(61_000_000)
  expect(stage.rooms.list()).toEqual([])
})
