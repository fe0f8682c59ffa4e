import { expect, test } from 'vitest'
import { ADDRESSES, RoomStage } from './room-stage.js'
import { SECOND, videoConfig } from './stage.js'

test('a second session of a user ends the first with a reason, and the others see no change', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const first = stage.settled('bob')
  const { play } = alice.users()[0]!.streams[0]!
  const publication = stage.publishAs(first)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50 })
  alice.connection.take()
  const second = stage.settled('bob', { kind: 'miniprogram' })
  expect(first.connection.closed).toBe('replaced')
  expect(alice.connection.all('room.userEnter').concat(alice.connection.all('room.userExit') as never[])).toEqual([])
  expect(alice.users().map(({ userId, kind }) => [userId, kind])).toEqual([['bob', 'miniprogram']])
  expect(alice.users()[0]!.streams[0]!.play).toEqual(play)
  expect(stage.rooms.counts.participants).toBe(2)
  first.member.leave()
  first.member.lost()
  stage.clock.advance(120 * SECOND)
  expect(stage.rooms.get('room')!.member('bob')).toBe(second.member)
})

test('an owner who enters again stays the owner; as audience it hands the room on', () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const bob = stage.settled('bob')
  expect(stage.settled('alice').member.role).toBe('owner')
  expect(bob.member.role).toBe('anchor')
  expect(stage.settled('alice', { role: 'audience' }).member.role).toBe('audience')
  expect(stage.rooms.get('room')!.info()).toMatchObject({ ownerId: 'bob', anchors: 1, audience: 1 })
})

test('resuming a replaced session is refused as ended', () => {
  const stage = new RoomStage()
  const first = stage.settled('bob')
  stage.settled('bob')
  expect(() => stage.rooms.resume(first.member.resumeToken, first.connection, ADDRESSES)).toThrow(
    expect.objectContaining({ code: 'RESUME_FAILED' }) as Error,
  )
})

test('the addresses of the first session are invalid', async () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const first = stage.settled('bob')
  const token = first.users()[0]!.streams[0]!.play.rtmp.slice(2)
  expect(await stage.admit('r', token)).toMatchObject({ ok: true })
  stage.settled('bob')
  expect(await stage.admit('r', token)).toMatchObject({ ok: false, code: 'NOT_FOUND', httpStatus: 404 })
})

test('the new session gets no notification about the old one before the answer to its entry', async () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const first = stage.settled('bob', { kind: 'miniprogram' })
  const push = await stage.pushBy(first.member.enterResult().push!.rtmp.slice('push/'.length))
  push.open().push(stage.frame(videoConfig(), 0, true))
  const second = stage.enter('bob', { kind: 'miniprogram' })
  expect(push.ended).toBe('kicked')
  expect(second.connection.told).toEqual([])
})
