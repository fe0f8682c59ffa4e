import { expect, test } from 'vitest'
import { ADDRESSES, addressesAt, FakeConnection, RoomStage } from './room-stage.js'
import { SECOND, videoConfig } from './stage.js'

test('a member whose socket is lost stays for two heartbeats and 30 s, then exits as lost', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  bob.member.lost()
  bob.member.lost()
  stage.clock.advance(49 * SECOND)
  expect(alice.users()).toHaveLength(1)
  expect(alice.connection.all('room.userExit')).toEqual([])
  stage.clock.advance(2 * SECOND)
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'lost' }])
  expect(() => stage.rooms.resume(bob.member.resumeToken, new FakeConnection(), ADDRESSES)).toThrow(
    expect.objectContaining({ code: 'RESUME_FAILED' }) as Error,
  )
})

test('who resumes is the same member with the same addresses and connections, and nobody saw it go', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  bob.member.request('media.subscribe', { streams: 'all' })
  const before = bob.member.enterResult()
  alice.connection.take()
  bob.member.lost()
  stage.clock.advance(45 * SECOND)
  stage.settled('carol')
  const connection = new FakeConnection()
  const resumed = stage.rooms.resume(before.resumeToken, connection, ADDRESSES)
  const after = resumed.enterResult()
  expect(resumed).toBe(bob.member)
  expect([after.sessionId, after.self, after.userList[0]]).toEqual([before.sessionId, before.self, before.userList[0]])
  expect(after.userList.map(({ userId }) => userId)).toEqual(['alice', 'carol'])
  stage.clock.advance(100 * SECOND)
  expect(alice.connection.all('room.userExit')).toEqual([])
  expect(connection.told).toEqual([])
  expect(stage.media.get('bob')).toMatchObject({ calls: ['restart'], closed: false })
})

test('who comes back by another name of the server is given the same tokens behind that name', () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const phone = stage.settled('phone', { kind: 'miniprogram' })
  const before = phone.member.enterResult()
  phone.member.lost()
  const resumed = stage.rooms.resume(before.resumeToken, new FakeConnection(), addressesAt('lan/'))
  const after = resumed.enterResult()
  const plays = ({ userList }: typeof before) => Object.entries(userList[0]!.streams[0]!.play)
  expect(plays(after)).toEqual(plays(before).map(([protocol, address]) => [protocol, `lan/${address}`]))
  expect(after.push!.rtmp).toBe(`lan/${before.push!.rtmp}`)
  expect(resumed.request('media.pushAddress', { streamType: 'main' })).toEqual(after.push)
})

test('the old socket of who resumes is closed without a word, and its end harms nobody', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  bob.connection.take()
  stage.rooms.resume(bob.member.resumeToken, new FakeConnection(), ADDRESSES)
  expect(bob.connection.closed).toBe('resumed')
  stage.settled('carol')
  expect(bob.connection.told).toEqual([])
})

test('what was published goes on through the loss of the socket', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  stage.play(publication, videoConfig(), { frames: 5, gop: 50 })
  bob.member.lost()
  stage.play(publication, videoConfig(), { from: SECOND, frames: 50, gop: 50 })
  expect(alice.users()[0]!.streams[0]!.hasVideo).toBe(true)
  expect(stage.ends).toEqual([])
})

test('who resumes is told what it missed of its own: a push that ended, a mute', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  stage.play(publication, videoConfig(), { frames: 5, gop: 50 })
  bob.member.lost()
  publication.end()
  alice.member.request('room.mute', { userId: 'bob', kind: 'video', muted: true })
  const connection = new FakeConnection()
  stage.rooms.resume(bob.member.resumeToken, connection, ADDRESSES)
  stage.settle()
  expect(connection.all('media.published')).toEqual([
    { streamType: 'main', state: 'ended', hasAudio: false, hasVideo: false },
  ])
  expect(connection.all('room.muted')).toEqual([{ userId: 'bob', kind: 'video', muted: true }])
})
