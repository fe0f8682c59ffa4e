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

test('the same user on another node takes the place: the first socket is closed, and nobody sees anybody leave', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  const key = b.rooms.get('room')!.member('bob')!.streamOf('main')!.key
  const again = await c.enter('bob')
  await stage.pass(100)
  expect(bob.connection.closed).toBe('replaced')
  expect(again.connection.closed).toBeUndefined()
  expect(ann.connection.all('room.userExit')).toEqual([])
  for (const node of stage.nodes) {
    expect(node.list()).toEqual(['ann owner', 'bob anchor'])
    expect(node.rooms.get('room')!.member('bob')!.streamOf('main')!.key.equals(key)).toBe(true)
  }
})

test('of two entries of the same user at the same moment one is left, on every node the same', async () => {
  await a.enter('ann')
  const [one, other] = await Promise.all([b.enter('bob'), c.enter('bob')])
  await stage.pass(200)
  expect([one.connection.closed, other.connection.closed].sort()).toEqual(['replaced', undefined])
  const homes = stage.nodes.map(({ rooms }) => rooms.get('room')!.member('bob')!.epoch)
  expect(new Set(homes).size).toBe(1)
  expect(stage.nodes.map((node) => node.list())).toEqual(Array(3).fill(['ann owner', 'bob anchor']))
})

test('two nodes that were apart agree on one of two sessions of a user when they are together again', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  b.engine.setState('lost')
  await stage.pass(3000)
  const again = await c.enter('bob')
  await stage.pass(100)
  expect([bob.connection.closed, ann.sees]).toEqual([undefined, ['bob']])
  b.engine.setState('connected')
  await stage.pass(500)
  expect([bob.connection.closed, again.connection.closed]).toEqual(['replaced', undefined])
  expect(ann.connection.all('room.userExit')).toEqual([])
  expect(stage.nodes.map((node) => node.list())).toEqual(Array(3).fill(['ann owner', 'bob anchor']))
})
