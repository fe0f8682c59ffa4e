import { expect, test } from 'vitest'
import { RoomStage, type Entered } from './room-stage.js'
import { MS } from './stage.js'

test('a new viewer causes only a count to the owner and anchors, once a second', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const early = stage.settled('early', { role: 'audience' })
  for (const { connection } of [alice, bob, early]) connection.take()
  for (let i = 0; i < 50; i++) {
    stage.enter(`viewer${String(i)}`, { role: 'audience' })
    stage.clock.advance(100 * MS)
  }
  stage.settle()
  expect(early.connection.told).toEqual([])
  for (const { connection } of [alice, bob]) {
    const lists = connection.all('room.userList')
    expect(lists.length).toBeLessThanOrEqual(7)
    expect(lists.at(-1)!.audienceCount).toBe(51)
    expect(lists.at(-1)!.userList).toHaveLength(1)
    expect(connection.take()).toEqual([])
  }
})

test('viewers are not listed, and leave without an exit notification', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const viewer = stage.settled('viewer', { role: 'audience' })
  expect(alice.users()).toEqual([])
  expect(viewer.users().map(({ userId }) => userId)).toEqual(['alice'])
  viewer.member.leave()
  stage.settle()
  expect(alice.connection.all('room.userExit')).toEqual([])
  expect(alice.connection.all('room.userList').at(-1)!.audienceCount).toBe(0)
})

test('a change of an anchor reaches 2000 viewers at once', () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const viewers: Entered[] = []
  for (let i = 0; i < 2000; i++) viewers.push(stage.enter(`viewer${String(i)}`, { role: 'audience' }))
  stage.settle()
  stage.enter('bob')
  stage.clock.advance(1 * MS)
  expect(viewers.every(({ connection }) => connection.users.some(({ userId }) => userId === 'bob'))).toBe(true)
})

test('audience does not become the owner of an empty room; the first anchor does', () => {
  const stage = new RoomStage()
  const viewer = stage.settled('viewer', { role: 'audience' })
  expect(viewer.member.request('room.info', {}).ownerId).toBeNull()
  expect(stage.settled('alice').member.role).toBe('owner')
  expect(viewer.users()[0]!.role).toBe('owner')
})
