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

test('a member of the audience of one node gets the microphone from the owner on another', async () => {
  const ann = await a.enter('ann')
  const eve = await b.enter('eve', { role: 'audience' })
  const cyd = await c.enter('cyd')
  await eve.ask('mic.request', {})
  await stage.pass(50)
  expect(ann.connection.all('mic.requested').map(({ userId }) => userId)).toEqual(['eve'])
  await ann.ask('mic.answer', { userId: 'eve', accept: true })
  await stage.pass(100)
  expect(eve.connection.all('mic.answered')).toEqual([{ userId: 'eve', accepted: true, by: 'ann' }])
  expect(eve.role).toBe('anchor')
  expect(cyd.sees).toEqual(['ann', 'eve'])
})

test('a request that was made while the owner was elsewhere waits for it', async () => {
  await a.enter('ann')
  const eve = await b.enter('eve', { role: 'audience' })
  await eve.ask('mic.request', {})
  await stage.pass(50)
  const again = await c.enter('ann')
  await stage.pass(100)
  expect(again.entered.self.role).toBe('owner')
  expect(again.connection.all('mic.requested').map(({ userId }) => userId)).toEqual(['eve'])
})

test('a request that is withdrawn on another node is answered by nobody', async () => {
  const ann = await a.enter('ann')
  const eve = await b.enter('eve', { role: 'audience' })
  await eve.ask('mic.request', {})
  await stage.pass(50)
  await eve.ask('mic.withdraw', {})
  await stage.pass(50)
  expect(ann.connection.all('mic.withdrawn').map(({ userId }) => userId)).toEqual(['eve'])
  expect(await ann.refused('mic.answer', { userId: 'eve', accept: true })).toBe('USER_NOT_FOUND')
})

test('the owner takes the microphone from an anchor of another node', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  await ann.ask('mic.remove', { userId: 'bob' })
  await stage.pass(100)
  expect(bob.role).toBe('audience')
  expect(ann.sees).toEqual([])
  expect(ann.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'audience' }])
})
