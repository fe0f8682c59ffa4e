import { afterEach, beforeEach, expect, test } from 'vitest'
import { ofNextVersion } from '../../packages/server/src/cluster/engine/next-version.fake.js'
import { MemoryEngine } from '../../packages/server/src/cluster/index.js'
import { ClusterRoomsStage, codeOf, type RoomsNode } from './cluster-rooms-stage.js'

let stage: ClusterRoomsStage
let ours: RoomsNode
let next: RoomsNode
beforeEach(async () => {
  stage = new ClusterRoomsStage()
  ours = await stage.join('ours')
  next = await stage.join('next', {
    open: (store, clock) => ofNextVersion(new MemoryEngine(store, clock)),
  })
})
afterEach(() => stage.close())

test('members on nodes of two versions see each other, talk and leave', async () => {
  const ann = await ours.enter('ann')
  const bob = await next.enter('bob')
  await stage.pass(50)
  expect([ann.sees, bob.sees]).toEqual([['bob'], ['ann']])
  expect(ours.list()).toEqual(next.list())
  await bob.ask('message.send', { to: null, kind: 'text', data: 'from the next version' })
  await ann.ask('message.send', { to: 'bob', kind: 'text', data: 'from this one' })
  await stage.pass(50)
  expect(ann.connection.all('message.received').map(({ data }) => data)).toEqual(['from the next version'])
  expect(bob.connection.all('message.received').map(({ data }) => data)).toEqual(['from this one'])
  await stage.settle(bob.member.leave())
  await stage.pass(50)
  expect(ann.sees).toEqual([])
})

test('a kick and its ban hold between two versions, whichever of them has the member', async () => {
  const ann = await ours.enter('ann')
  const bob = await next.enter('bob')
  await stage.pass(50)
  await ann.ask('room.kick', { userId: 'bob', banMs: 60_000 })
  await stage.pass(50)
  expect(bob.connection.closed).toBe('kicked')
  for (const node of [ours, next]) expect(await codeOf(node.enter('bob'))).toBe('BANNED')
})

test('a member of a node of either version goes on at the other, by its token', async () => {
  const ann = await ours.enter('ann')
  const bob = await next.enter('bob')
  await stage.pass(50)
  const moved = await ours.resume(bob)
  const other = await next.resume(ann)
  await stage.pass(50)
  expect([moved.entered.self.userId, other.entered.self.userId]).toEqual(['bob', 'ann'])
  expect(ours.list()).toEqual(next.list())
})
