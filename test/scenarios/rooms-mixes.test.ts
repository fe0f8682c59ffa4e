import { expect, test } from 'vitest'
import { RoomStage, type Entered } from './room-stage.js'

const ALL = { audio: true, video: false, audioOf: 'all' } as const
const keyOf = ({ member }: Entered) => member.openStream('main').key
const tokenOf = (play: { readonly rtmp: string }) => play.rtmp.slice(2)

test('a mix contains everyone but its receiver, and follows joins and leaves', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const { play } = bob.member.request('media.mix', ALL)
  const mix = stage.mixes[0]!
  expect(mix.sources).toEqual([keyOf(alice)])
  const carol = stage.settled('carol')
  expect(mix.sources).toEqual([keyOf(alice), keyOf(carol)])
  alice.member.leave()
  stage.settle()
  expect(mix.sources).toEqual([keyOf(carol)])
  expect(bob.member.request('media.mix', { ...ALL, audioOf: [] }).play).toEqual(play)
  expect(mix.sources).toEqual([])
  expect(await stage.admit('r', tokenOf(play))).toMatchObject({ ok: true, key: mix.key })
  bob.member.leave()
  expect(mix.closed).toBe(true)
  expect(await stage.admit('r', tokenOf(play))).toMatchObject({ code: 'NOT_FOUND' })
})

test('audience members share one mix, each with its own address', () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const viewers = ['v1', 'v2', 'v3'].map((name) => stage.settled(name, { role: 'audience' }))
  const plays = viewers.map(({ member }) => member.request('media.mix', ALL).play)
  expect(stage.mixes).toHaveLength(1)
  expect(new Set(plays.map(tokenOf)).size).toBe(3)
  viewers[0]!.member.leave()
  viewers[1]!.member.leave()
  expect(stage.mixes[0]!.closed).toBe(false)
  viewers[2]!.member.leave()
  expect(stage.mixes[0]!.closed).toBe(true)
})

test('a viewer who becomes an anchor loses the shared mix, in which it would hear itself', async () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const bob = stage.settled('bob', { role: 'audience' })
  const { play } = bob.member.request('media.mix', ALL)
  bob.member.request('room.switchRole', { role: 'anchor' })
  expect(await stage.admit('r', tokenOf(play))).toMatchObject({ code: 'NOT_FOUND' })
  bob.member.request('media.mix', ALL)
  expect(stage.mixes[1]!.sources).not.toContainEqual(keyOf(bob))
})

test('a member without audio permission gets no mix', () => {
  const stage = new RoomStage()
  const deaf = stage.settled('deaf', { permissions: { receiveAudio: false } })
  expect(() => deaf.member.request('media.mix', ALL)).toThrow(
    expect.objectContaining({ code: 'NO_PERMISSION' }) as Error,
  )
})

test('a member that renews with other permissions requests a new mix and can play it', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.publishAs(alice, 'aux')
  const bob = stage.settled('bob')
  const before = tokenOf(bob.member.request('media.mix', ALL).play)
  bob.member.renewed(stage.identity('bob', { permissions: { receiveAux: false } }))
  expect(await stage.admit('r', before)).toMatchObject({ code: 'NOT_FOUND' })
  expect(stage.mixes[0]!.closed).toBe(true)
  const after = tokenOf(bob.member.request('media.mix', ALL).play)
  expect(await stage.admit('r', after)).toMatchObject({ ok: true, key: stage.mixes[1]!.key })
})
