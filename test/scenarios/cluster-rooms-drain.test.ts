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

/** Tells whether it is over. */
function drain(node: RoomsNode): () => boolean {
  let isOver = false
  node.nodes.change({ state: 'draining' })
  void Promise.resolve(node.rooms.drain()).then(() => (isOver = true))
  return () => isOver
}

test('members of a node that drains keep their streams there until they are on another node, and nobody leaves', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  const stream = b.rooms.get('room')!.member('bob')!.streamOf('main')!
  const publication = b.publish(stream.key, `member:${stream.key.name}`)
  const isOver = drain(b)
  await stage.pass(1000)
  expect([bob.connection.closed, bob.connection.retryAfterMs]).toEqual(['drain', undefined])
  expect([isOver(), b.hub.get(stream.key)?.publication === publication]).toEqual([false, true])
  expect(await codeOf(b.resume(bob))).toBe('DRAINING')
  expect(await codeOf(b.enter('bob'))).toBe('DRAINING')
  const back = await c.resume(bob)
  await stage.pass(200)
  expect(isOver()).toBe(true)
  expect(b.hub.get(stream.key)?.publication).toBeUndefined()
  expect(back.entered.moved).toBe(true)
  expect([ann.sees, ann.connection.all('room.userExit')]).toEqual([['bob'], []])
})

test('one who does not go is awaited on the other nodes when the node is gone after 10 s', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  const isOver = drain(b)
  await stage.pass(9000)
  expect(isOver()).toBe(false)
  await stage.pass(1500)
  expect(isOver()).toBe(true)
  await b.stop()
  await stage.pass(3000)
  expect([ann.sees, ann.connection.all('room.userExit')]).toEqual([['bob'], []])
  const back = await c.resume(bob)
  await stage.pass(60_000)
  expect([ann.sees, back.sees]).toEqual([['bob'], ['ann']])
})

test('the last node of a cluster tells its members when to return, as a single one does', async () => {
  const ann = await a.enter('ann')
  b.kill()
  c.kill()
  await stage.pass(2500)
  const isOver = drain(a)
  await stage.pass(20)
  expect(isOver()).toBe(true)
  expect(ann.connection.closed).toBe('drain')
  expect(ann.connection.retryAfterMs).toBeGreaterThan(0)
})
