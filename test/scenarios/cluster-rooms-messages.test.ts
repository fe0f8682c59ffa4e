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

const texts = ({ connection }: { connection: { all(method: 'message.received'): { data: string }[] } }): string[] =>
  connection.all('message.received').map(({ data }) => data)

test('a message to all reaches every node once, in the order of its sender', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  const cyd = await c.enter('cyd')
  await stage.pass(50)
  for (const data of ['one', 'two', 'three']) await ann.ask('message.send', { to: null, kind: 'text', data })
  await stage.pass(20)
  expect([texts(ann), texts(bob), texts(cyd)]).toEqual([[], ['one', 'two', 'three'], ['one', 'two', 'three']])
})

test('a message to one member reaches it on another node, and nobody else', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  const cyd = await c.enter('cyd')
  await stage.pass(50)
  await ann.ask('message.send', { to: 'bob', kind: 'custom', data: '{}' })
  await stage.pass(20)
  expect([texts(bob), texts(cyd)]).toEqual([['{}'], []])
  expect(await ann.refused('message.send', { to: 'dan', kind: 'text', data: '' })).toBe('USER_NOT_FOUND')
})
