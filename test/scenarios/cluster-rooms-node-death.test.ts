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

const keyOf = (node: RoomsNode, user: string): string =>
  node.rooms.get('room')!.member(user)!.streamOf('main')!.key.text

test('members of a node that died are awaited for 50 s, then they are lost', async () => {
  const ann = await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  b.kill()
  await stage.pass(49_000)
  expect(ann.sees).toEqual(['bob'])
  await stage.pass(5000)
  expect(ann.sees).toEqual([])
  expect(ann.connection.all('room.userExit')).toEqual([{ userId: 'bob', reason: 'lost' }])
})

test('one comes back on another node by its token, with role, mutes, keys and addresses', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  await ann.ask('room.mute', { userId: 'bob', kind: 'video', muted: true })
  await stage.pass(50)
  const key = keyOf(a, 'bob')
  const seen = bob.users.find(({ userId }) => userId === 'ann')!.streams[0]!.play
  b.kill()
  await stage.pass(2000)
  const back = await c.resume(bob)
  await stage.pass(100)
  expect(back.entered).toMatchObject({ moved: true, sessionId: bob.entered.sessionId })
  expect(back.users.find(({ userId }) => userId === 'ann')!.streams[0]!.play).toEqual(seen)
  expect([keyOf(a, 'bob'), keyOf(c, 'bob')]).toEqual([key, key])
  expect(c.rooms.get('room')!.member('bob')!.mutedByOthers).toEqual({ audio: false, video: true })
  expect(ann.connection.all('room.userExit')).toEqual([])
  await stage.pass(60_000)
  expect([ann.sees, back.sees]).toEqual([['bob'], ['ann']])
})

test('a node that cannot read the room yet says so, and the token holds until it can', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  b.kill()
  await stage.pass(2000)
  c.engine.setState('lost')
  expect(await codeOf(c.resume(bob))).toBe('CLUSTER_UNAVAILABLE')
  c.engine.setState('connected')
  await stage.pass(1000)
  expect((await c.resume(bob)).entered).toMatchObject({ moved: true, sessionId: bob.entered.sessionId })
  expect(ann.connection.all('room.userExit')).toEqual([])
})

test('one who enters anew instead keeps the keys of its streams too', async () => {
  const ann = await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  const key = keyOf(a, 'bob')
  b.kill()
  await stage.pass(2000)
  await c.enter('bob')
  await stage.pass(100)
  expect([keyOf(a, 'bob'), keyOf(c, 'bob')]).toEqual([key, key])
  expect(ann.connection.all('room.userExit')).toEqual([])
})

test('a node that is cut off and comes back in time has lost nobody', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  b.engine.setState('lost')
  await stage.pass(20_000)
  expect([ann.sees, bob.sees]).toEqual([['bob'], ['ann']])
  b.engine.setState('connected')
  await stage.pass(60_000)
  expect([ann.sees, bob.sees]).toEqual([['bob'], ['ann']])
  expect([...ann.connection.all('room.userExit'), ...bob.connection.all('room.userExit')]).toEqual([])
})

test('while the engine is lost a node refuses new members, and those that it has go on', async () => {
  const ann = await a.enter('ann')
  const bob = await a.enter('bob')
  await stage.pass(50)
  a.engine.setState('lost')
  expect(await codeOf(a.enter('cyd'))).toBe('CLUSTER_UNAVAILABLE')
  await ann.ask('message.send', { to: 'bob', kind: 'text', data: 'still here' })
  expect(bob.connection.all('message.received')).toHaveLength(1)
})

test('an address that was made by the dead node plays on the living ones while its holder is awaited', async () => {
  await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  const address = bob.users.find(({ userId }) => userId === 'ann')!.streams[0]!.play.rtmp
  const token = address.slice(address.indexOf('/') + 1)
  b.kill()
  await stage.pass(2000)
  expect((await c.admit('r', token, 'play')).ok).toBe(true)
  await stage.pass(55_000)
  expect(await c.admit('r', token, 'play')).toMatchObject({ ok: false, code: 'NOT_FOUND' })
})
