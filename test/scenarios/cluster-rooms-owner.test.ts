import { afterEach, beforeEach, expect, test } from 'vitest'
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

const owners = (): string[] => stage.nodes.map(({ rooms }) => rooms.get('room')?.owner?.userId ?? 'nobody')

test('of users who enter three nodes at the same moment one owns the room, on every node the same', async () => {
  const people = await Promise.all([a.enter('ann'), b.enter('bob'), c.enter('cyd')])
  await stage.pass(100)
  const [owner] = owners()
  expect(owners()).toEqual([owner, owner, owner])
  expect(people.filter(({ role }) => role === 'owner').map(({ userId }) => userId)).toEqual([owner])
})

test('an owner who leaves hands the room to the longest-present anchor of another node', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(10)
  const cyd = await c.enter('cyd')
  await stage.settle(ann.member.leave())
  await stage.pass(100)
  expect([bob.role, cyd.role]).toEqual(['owner', 'anchor'])
  expect(owners()).toEqual(['bob', 'bob', 'bob'])
  await bob.ask('room.mute', { userId: 'cyd', kind: 'audio', muted: true })
})

test('an owner whose node dies keeps the room while it is awaited, and comes back as its owner', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  a.kill()
  await stage.pass(5000)
  expect(bob.role).toBe('anchor')
  expect(bob.sees).toEqual(['ann'])
  const back = await c.resume(ann)
  expect(back.entered.self.role).toBe('owner')
  expect(bob.connection.all('room.userExit')).toEqual([])
})

test('an owner who does not come back is followed by another', async () => {
  await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  a.kill()
  await stage.pass(55_000)
  expect(bob.connection.all('room.userExit')).toEqual([{ userId: 'ann', reason: 'lost' }])
  expect(bob.role).toBe('owner')
})

test('an owner by its token takes the room over from another node', async () => {
  const ann = await a.enter('ann')
  const boss = await b.enter('boss', { isOwner: true })
  await stage.pass(100)
  expect([ann.role, boss.entered.self.role]).toEqual(['anchor', 'owner'])
  expect(owners()).toEqual(['boss', 'boss', 'nobody'])
})
