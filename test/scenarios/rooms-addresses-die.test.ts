import { expect, test } from 'vitest'
import type { Grant } from '../../packages/server/src/auth/index.js'
import { ADDRESSES, RoomStage, type Entered } from './room-stage.js'
import { SECOND, videoConfig } from './stage.js'

const NOT_FOUND = { ok: false, code: 'NOT_FOUND', httpStatus: 404 }
const tokenOf = ({ users }: Entered) => users()[0]!.streams[0]!.play.rtmp.slice(2)

/** Plays an address, and tells when that was ended. */
async function playing(stage: RoomStage, token: string): Promise<{ readonly grant: Grant; readonly ends: string[] }> {
  const grant = await stage.admit('r', token)
  if (!grant.ok) throw new Error(grant.sentence)
  const ends: string[] = []
  grant.opened()
  grant.onRevoked((reason) => {
    ends.push(reason)
    grant.closed(reason)
  })
  return { grant, ends }
}

test('an address belongs to its receiver, waits for media, always has audio, and is for playing only', async () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const bob = stage.settled('bob')
  const carol = stage.settled('carol')
  expect(tokenOf(bob)).not.toBe(tokenOf(carol))
  expect(tokenOf(bob).length).toBeLessThanOrEqual(32)
  const { grant } = await playing(stage, tokenOf(bob))
  expect(grant).toMatchObject({ ok: true, wait: 'granted', silence: true, without: undefined })
  expect(await stage.admit('r', tokenOf(bob), {}, 'publish')).toMatchObject({ ok: false, code: 'DENIED' })
  expect(await stage.admit('r', 'guessed')).toMatchObject(NOT_FOUND)
  expect(await stage.admit('push', 'room', {}, 'play')).toMatchObject(NOT_FOUND)
})

test('a member that leaves or is kicked can play nothing from that moment', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const carol = stage.settled('carol')
  const [bobs, carols] = [await playing(stage, tokenOf(bob)), await playing(stage, tokenOf(carol))]
  bob.member.leave()
  expect([bobs.ends, carols.ends]).toEqual([['kicked'], []])
  void alice.member.request('room.kick', { userId: 'carol' })
  expect(carols.ends).toEqual(['kicked'])
  expect(await stage.admit('r', tokenOf(bob))).toMatchObject(NOT_FOUND)
})

test('the streams of a member that leaves end for all players', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const { ends } = await playing(stage, tokenOf(bob))
  alice.member.leave()
  expect(ends).toEqual(['kicked'])
  expect(await stage.admit('r', tokenOf(bob))).toMatchObject(NOT_FOUND)
  expect(stage.rooms.tokens.size).toBe(0)
})

test('an address survives a resume and a new publish', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const before = bob.users()
  for (let i = 0; i < 3; i++) {
    const publication = stage.publishAs(alice)
    stage.clock.advance(5 * SECOND)
    publication.end()
    stage.clock.advance(30 * SECOND)
  }
  stage.rooms.resume(bob.member.resumeToken, bob.connection, ADDRESSES)
  expect(bob.member.enterResult().userList).toEqual(before)
})

test('only a few connections may play one address at the same time', async () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const token = tokenOf(stage.settled('bob'))
  const plays = await Promise.all(Array.from({ length: 8 }, () => playing(stage, token)))
  expect(await stage.admit('r', token)).toMatchObject({ ok: false, code: 'FULL', httpStatus: 429 })
  plays[0]!.grant.closed('client')
  expect(await stage.admit('r', token)).toMatchObject({ ok: true })
})

test('a push address lasts for the whole membership, takes over from itself, and ends with the membership', async () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob', { kind: 'miniprogram' })
  const { rtmp } = bob.member.enterResult().push!
  expect(bob.member.request('media.pushAddress', { streamType: 'main' })).toEqual({ rtmp })
  const token = rtmp.slice('push/'.length)
  const first = await stage.admit('r', token, {}, 'publish')
  const second = await stage.admit('r', token, {}, 'publish')
  expect(first).toMatchObject({ ok: true, subject: expect.any(String) as string })
  expect([(second as Grant).key, (second as Grant).subject]).toEqual([(first as Grant).key, (first as Grant).subject])
  const ends: string[] = []
  ;(second as Grant).onRevoked((reason) => ends.push(reason))
  bob.member.leave()
  expect(ends).toEqual(['kicked'])
  expect(await stage.admit('r', token, {}, 'publish')).toMatchObject(NOT_FOUND)
})

test('FLV players are disconnected, and may return, when a browser follows an FLV publisher', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const { ends } = await playing(stage, tokenOf(bob))
  const asFlv = { ...videoConfig(), flvSpelling: 'legacy' } as const
  stage.play(stage.publishAs(alice), asFlv, { frames: 2, gop: 50 })
  stage.play(stage.publishAs(alice), asFlv, { frames: 2, gop: 50 })
  expect(ends).toEqual([])
  stage.play(stage.publishAs(alice), videoConfig(), { frames: 2, gop: 50 })
  expect(ends).toEqual(['kicked'])
  expect(await stage.admit('r', tokenOf(bob))).toMatchObject({ ok: true })
})
