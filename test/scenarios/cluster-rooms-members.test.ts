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

test('members of three nodes see each other, whoever came first', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  const cyd = await c.enter('cyd')
  expect(bob.entered.userList.map(({ userId }) => userId)).toEqual(['ann'])
  expect(cyd.entered.userList.map(({ userId }) => userId).sort()).toEqual(['ann', 'bob'])
  await stage.pass(50)
  expect([ann.sees, bob.sees, cyd.sees]).toEqual([
    ['bob', 'cyd'],
    ['ann', 'cyd'],
    ['ann', 'bob'],
  ])
  expect(ann.connection.all('room.userEnter').map(({ user }) => user.userId)).toEqual(['bob', 'cyd'])
})

test('one who leaves another node is gone within 50 ms, with the reason', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  await stage.settle(bob.member.leave())
  await stage.pass(50)
  expect(ann.sees).toEqual([])
  expect(ann.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'left' }])
})

test('the answer to an entry tells the owner of the room, wherever that is', async () => {
  const ann = await a.enter('ann')
  expect(ann.entered.self.role).toBe('owner')
  const bob = await b.enter('bob')
  expect(bob.entered.self.role).toBe('anchor')
  expect(bob.entered.room.ownerId).toBe('ann')
  expect(bob.entered.room.createdAt).toBe(ann.entered.room.createdAt)
})

test('the audience of all nodes is counted', async () => {
  const ann = await a.enter('ann')
  await b.enter('eve', { role: 'audience' })
  await c.enter('fay', { role: 'audience' })
  await stage.pass(3000)
  expect(ann.connection.all('room.userList').at(-1)?.audienceCount).toBe(2)
  expect((await ann.ask('room.info', {})).audience).toBe(2)
})

test('a room that everybody left is forgotten by all nodes, and by the store', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.settle(ann.member.leave())
  await stage.settle(bob.member.leave())
  await stage.pass(61_000)
  expect(stage.nodes.map(({ rooms }) => rooms.list().length)).toEqual([0, 0, 0])
  const left = [...stage.store.entries.keys()].filter((key) => !key.startsWith('node.'))
  expect(left).toEqual([])
})
