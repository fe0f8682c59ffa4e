import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterRoomsStage, codeOf, type RoomsNode } from './cluster-rooms-stage.js'

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

test('an owner disbands the room on every node, and tokens from before are void', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  const cyd = await c.enter('cyd')
  await stage.pass(50)
  await ann.ask('room.disband', {})
  await stage.pass(100)
  for (const person of [ann, bob, cyd]) expect(person.connection.closed).toBe('disbanded')
  expect(await codeOf(c.resume(bob))).toBe('RESUME_FAILED')
  expect(await codeOf(b.enter('bob'))).toBe('done')
})

test('REST disbands a room whose members are on other nodes, and answers how many they were', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  expect(await stage.settle(c.operations.disband('room'))).toBe(2)
  await stage.pass(50)
  expect([ann.connection.closed, bob.connection.closed]).toEqual(['disbanded', 'disbanded'])
  expect(await codeOf(stage.settle(c.operations.disband('room')))).toBe('ROOM_NOT_FOUND')
})

test('a node that was cut off while the room was disbanded follows when it is back', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  const cyd = await c.enter('cyd')
  await stage.pass(50)
  b.engine.setState('lost')
  await ann.ask('room.disband', {})
  await stage.pass(1000)
  await c.enter('dan')
  expect([cyd.connection.closed, bob.connection.closed]).toEqual(['disbanded', undefined])
  b.engine.setState('connected')
  await stage.pass(500)
  expect(bob.connection.closed).toBe('disbanded')
})
