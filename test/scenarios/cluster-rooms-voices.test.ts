import { afterEach, beforeEach, expect, test } from 'vitest'
import { audioConfig } from './stage.js'
import { ClusterRoomsStage, type RoomsNode } from './cluster-rooms-stage.js'

let stage: ClusterRoomsStage
let a: RoomsNode
let b: RoomsNode
let c: RoomsNode
beforeEach(async () => {
  const opened = await ClusterRoomsStage.open('a', 'b', 'c')
  stage = opened.stage
  ;[a, b, c] = opened.nodes as [RoomsNode, RoomsNode, RoomsNode]
})
afterEach(() => stage.close())

test('a mix on one node has the voices of members on all', async () => {
  const ann = await a.enter('ann', { kind: 'miniprogram' })
  await b.enter('bob')
  const cyd = await c.enter('cyd')
  await stage.pass(100)
  await ann.ask('media.mix', { audio: true, video: false, audioOf: 'all' })
  const keyOf = (node: RoomsNode, user: string) => node.rooms.get('room')!.member(user)!.streamOf('main')!.key.text
  const [mix] = a.mixes
  expect(mix?.sources.map(({ text }) => text).sort()).toEqual([keyOf(b, 'bob'), keyOf(c, 'cyd')].sort())
  await stage.settle(cyd.member.leave())
  await stage.pass(100)
  expect(mix?.sources.map(({ text }) => text)).toEqual([keyOf(b, 'bob')])
})

test('a speaker on one node is heard and shown on another, with its level', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(100)
  const { key } = b.rooms.get('room')!.member('bob')!.streamOf('main')!
  const publication = b.publish(key, `member:${key.name}`)
  for (let i = 0; i < 100; i++) {
    const dts = i * 20_000
    const units = [new Uint8Array(1)]
    const at = { dts, pts: dts, receivedAt: stage.clock.now() }
    publication.push({ config: audioConfig(), ...at, keyframe: true, units, droppable: false, audioLevel: 20 })
    await stage.pass(20)
  }
  expect(ann.users.find(({ userId }) => userId === 'bob')?.streams[0]?.hasAudio).toBe(true)
  expect(ann.connection.all('room.audioState').at(-1)).toEqual({ userId: 'bob', streamType: 'main', available: true })
  const levels = ann.connection.all('media.levels').flatMap((told) => told.levels)
  expect(levels.some(({ userId, level }) => userId === 'bob' && level > 0)).toBe(true)
  expect(bob.connection.all('media.levels').length).toBeGreaterThan(0)
})

test('levels that come after a member left are those of the others', async () => {
  await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  const levels = ['gone', 'bob'].map((userId) => ({ userId, level: 40 }))
  b.rooms.get('room')!.union!.broadcast({ kind: 'levels', levels })
  await stage.pass(20)
  expect(a.rooms.get('room')!.member('bob')!.streamOf('main')!.takeLevel()).toBe(40)
})
