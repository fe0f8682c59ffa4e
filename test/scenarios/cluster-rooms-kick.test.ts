import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterRoomsStage, codeOf, type RoomsNode } from './cluster-rooms-stage.js'
import { FaultyEngine } from './faulty-engine.js'

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

test('the owner kicks a member of another node, who may enter none for a while', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  await ann.ask('room.kick', { userId: 'bob', banMs: 60_000 })
  await stage.pass(50)
  expect(bob.connection.closed).toBe('kicked')
  expect(ann.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'kicked' }])
  for (const node of stage.nodes) expect(await codeOf(node.enter('bob'))).toBe('BANNED')
  await stage.pass(61_000)
  expect(await codeOf(c.enter('bob'))).toBe('done')
})

test('a ban holds on a node that joined the cluster after it', async () => {
  const ann = await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  await ann.ask('room.kick', { userId: 'bob', banMs: 60_000 })
  const d = await stage.join('d')
  expect(await codeOf(d.enter('bob'))).toBe('BANNED')
})

test('a kick by REST on any node reaches the member', async () => {
  await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.settle(c.operations.kick('room', 'bob', 60_000))
  expect(bob.connection.closed).toBe('kicked')
  expect(await codeOf(stage.settle(c.operations.kick('room', 'bob', 0)))).toBe('USER_NOT_FOUND')
  expect(await codeOf(stage.settle(c.operations.kick('nowhere', 'bob', 0)))).toBe('ROOM_NOT_FOUND')
})

test('a member whose node is gone is kicked as well, and its ban holds', async () => {
  const ann = await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  b.kill()
  await stage.pass(2500)
  expect(ann.sees).toEqual(['bob'])
  await ann.ask('room.kick', { userId: 'bob', banMs: 60_000 })
  await stage.pass(50)
  expect(ann.sees).toEqual([])
  expect(await codeOf(c.enter('bob'))).toBe('BANNED')
})

test('a kick that a node does not answer says so, and its ban stands', async () => {
  const ann = await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  b.engine.setState('lost')
  expect(await ann.refused('room.kick', { userId: 'bob', banMs: 60_000 })).toBe('CLUSTER_UNAVAILABLE')
  expect(await codeOf(c.enter('bob'))).toBe('BANNED')
})

test('a kick by a node that does not know yet that the member is on another one puts it out there', async () => {
  const late = await stage.join('late', { open: (...args) => new FaultyEngine(...args) })
  await late.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  b.kill()
  await stage.pass(2000)
  const engine = late.engine as FaultyEngine
  engine.setFault('stalled')
  const bob = await a.enter('bob')
  const kicked = codeOf(late.operations.kick('room', 'bob', 60_000))
  await stage.pass(200)
  engine.setFault(undefined)
  expect(await stage.settle(kicked)).toBe('done')
  await stage.pass(200)
  expect(bob.connection.closed).toBe('kicked')
  expect(late.list()).toEqual(['ann owner'])
})

test('a ban of a node that is cut off reaches the others when it is back, and puts out whom they took meanwhile', async () => {
  await a.enter('ann')
  const bob = await a.enter('bob')
  await c.enter('cyd')
  await stage.pass(50)
  a.engine.setState('lost')
  expect(await codeOf(stage.settle(a.operations.kick('room', 'bob', 60_000)))).toBe('done')
  expect(bob.connection.closed).toBe('kicked')
  const back = await c.enter('bob')
  a.engine.setState('connected')
  await stage.pass(500)
  expect(back.connection.closed).toBe('kicked')
  expect(await codeOf(c.enter('bob'))).toBe('BANNED')
})

test('one who is banned enters a node that cannot read bans in a moment, and is put out when it can', async () => {
  const late = await stage.join('late', { open: (...args) => new FaultyEngine(...args) })
  await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  const engine = late.engine as FaultyEngine
  engine.setFault('stalled')
  await stage.settle(a.operations.kick('room', 'bob', 60_000))
  const bob = await late.enter('bob')
  engine.setFault(undefined)
  await stage.pass(1500)
  expect(bob.connection.closed).toBe('kicked')
})

test('a ban that is told late does not shorten a longer one that another node made meanwhile', async () => {
  await a.enter('ann')
  await b.enter('bob')
  await c.enter('cyd')
  await stage.pass(50)
  a.engine.setState('lost')
  await codeOf(stage.settle(a.operations.kick('room', 'bob', 5000)))
  await stage.settle(c.operations.kick('room', 'bob', 60_000))
  a.engine.setState('connected')
  await stage.pass(6000)
  for (const node of stage.nodes) expect(await codeOf(node.enter('bob'))).toBe('BANNED')
})

test('a kick that is told late puts out a user who went on to another node', async () => {
  const late = await stage.join('late', { open: (...args) => new FaultyEngine(...args) })
  await a.enter('ann')
  const there = await late.enter('bob')
  await stage.pass(50)
  const engine = late.engine as FaultyEngine
  engine.setFault('stalled')
  await codeOf(stage.settle(late.operations.kick('room', 'bob', 60_000)))
  const bob = await c.resume(there)
  await stage.pass(900)
  engine.setFault(undefined)
  await stage.pass(500)
  expect(bob.connection.closed).toBe('kicked')
})
