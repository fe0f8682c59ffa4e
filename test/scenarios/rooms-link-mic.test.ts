import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'

const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error

test('a viewer asks, the owner accepts, and the viewer becomes an anchor visible to all', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob', { role: 'audience', kind: 'miniprogram' })
  const carol = stage.settled('carol', { role: 'audience' })
  bob.member.request('mic.request', {})
  expect(alice.connection.all('mic.requested')).toEqual([{ userId: 'bob', userName: 'bob' }])
  expect(bob.member.enterResult().push).toBeUndefined()
  void alice.member.request('mic.answer', { userId: 'bob', accept: true })
  stage.settle()
  expect(bob.connection.all('mic.answered')).toEqual([{ userId: 'bob', accepted: true, by: 'alice' }])
  expect(bob.connection.all('room.roleChanged')).toEqual([{ userId: 'bob', role: 'anchor', by: 'alice' }])
  expect(carol.users().map(({ userId }) => userId)).toEqual(['alice', 'bob'])
  expect(carol.connection.all('room.userEnter').map(({ user }) => user.userId)).toEqual(['bob'])
  expect(bob.member.enterResult().push).toEqual({ rtmp: expect.stringMatching(/^push\//) as string })
  expect(alice.connection.users.length).toBe(1)
})

test('an anchor made audience disappears from the list, and its publication ends', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const token = bob.member.request('media.pushAddress', { streamType: 'main' }).rtmp.slice('push/'.length)
  expect(await stage.admit('r', token, {}, 'publish')).toMatchObject({ ok: true })
  stage.publishAs(bob)
  void alice.member.request('mic.remove', { userId: 'bob' })
  stage.settle()
  expect(bob.member.role).toBe('audience')
  expect(stage.ends).toEqual(['kicked'])
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'audience' }])
  expect(alice.connection.all('room.userList').at(-1)!.audienceCount).toBe(1)
  expect(await stage.admit('r', token, {}, 'publish')).toMatchObject({ code: 'NOT_FOUND' })
})

test('a refused viewer stays a viewer, and may ask again', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob', { role: 'audience' })
  bob.member.request('mic.request', {})
  void alice.member.request('mic.answer', { userId: 'bob', accept: false })
  expect(bob.connection.all('mic.answered')).toEqual([{ userId: 'bob', accepted: false, by: 'alice' }])
  expect(bob.member.role).toBe('audience')
  expect(() => alice.member.request('mic.answer', { userId: 'bob', accept: true })).toThrow(code('USER_NOT_FOUND'))
  bob.member.request('mic.request', {})
  expect(alice.connection.all('mic.requested')).toHaveLength(2)
})

test('a viewer whose signature does not permit sending cannot become an anchor', () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const silent = { sendAudio: false, sendVideo: false, sendAux: false }
  const bob = stage.settled('bob', { permissions: silent })
  expect(bob.member.role).toBe('audience')
  expect(() => bob.member.request('mic.request', {})).toThrow(code('NO_PERMISSION'))
  expect(() => bob.member.request('room.switchRole', { role: 'anchor' })).toThrow(code('NO_PERMISSION'))
  expect(() => stage.enter('carol', { permissions: silent, role: 'anchor' })).toThrow(code('NO_PERMISSION'))
})

test('a new owner is told of all pending requests', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const carol = stage.settled('carol', { role: 'audience' })
  carol.member.request('mic.request', {})
  alice.member.leave()
  stage.settle()
  expect(bob.member.role).toBe('owner')
  expect(bob.connection.all('mic.requested')).toEqual([{ userId: 'carol', userName: 'carol' }])
})

test('a request ends when its sender returns as an anchor, even as the room’s owner', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.settled('bob', { role: 'audience' }).member.request('mic.request', {})
  const bob = stage.settled('bob')
  alice.member.leave()
  stage.settle()
  expect(bob.member.role).toBe('owner')
  expect(bob.connection.all('mic.requested')).toEqual([])
  expect(() => bob.member.request('mic.answer', { userId: 'bob', accept: true })).toThrow(code('USER_NOT_FOUND'))
  expect(bob.member.request('room.info', {})).toMatchObject({ ownerId: 'bob', anchors: 1, audience: 0 })
})

test('the owner is told when a request ends: it was withdrawn, or its sender left or already sends', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  for (const end of ['withdrawn', 'gone', 'anchor'] as const) {
    const asker = stage.settled(`asker-${end}`, { role: 'audience' })
    const { userId } = asker.member
    asker.member.request('mic.request', {})
    if (end === 'withdrawn') asker.member.request('mic.withdraw', {})
    else if (end === 'gone') asker.member.leave()
    else asker.member.request('room.switchRole', { role: 'anchor' })
    expect(alice.connection.all('mic.withdrawn').at(-1)).toEqual({ userId })
    expect(() => alice.member.request('mic.answer', { userId, accept: true })).toThrow(code('USER_NOT_FOUND'))
  }
  const answered = stage.settled('answered', { role: 'audience' })
  answered.member.request('mic.request', {})
  void alice.member.request('mic.answer', { userId: 'answered', accept: true })
  answered.member.request('mic.withdraw', {})
  expect(alice.connection.all('mic.withdrawn')).toHaveLength(3)
})
