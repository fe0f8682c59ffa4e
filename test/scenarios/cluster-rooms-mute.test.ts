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

test('the owner mutes a member of another node, and everybody is told by whom', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  const cyd = await c.enter('cyd')
  await stage.pass(50)
  await ann.ask('room.mute', { userId: 'bob', kind: 'audio', muted: true })
  await stage.pass(50)
  const told = { userId: 'bob', kind: 'audio', muted: true, by: 'ann' }
  for (const person of [ann, bob, cyd]) expect(person.connection.all('room.muted')).toEqual([told])
  expect(b.rooms.get('room')?.member('bob')?.streamOf('main')?.tracks.audio).toBe(false)
})

test('a mute by REST on any node holds, and the answer shows it', async () => {
  await a.enter('ann')
  const bob = await b.enter('bob')
  const summary = await stage.settle(c.operations.mute('room', 'bob', 'video', true))
  expect(summary).toMatchObject({ userId: 'bob', muted: { audio: false, video: true } })
  expect(bob.connection.all('room.muted')).toEqual([{ userId: 'bob', kind: 'video', muted: true }])
  await stage.pass(50)
  const members = await stage.settle(a.operations.members('room'))
  expect(members.find(({ userId }) => userId === 'bob')?.muted).toEqual({ audio: false, video: true })
})

test('one who enters a third node later finds what is muted', async () => {
  const ann = await a.enter('ann')
  await b.enter('bob')
  await stage.pass(50)
  await ann.ask('room.mute', { userId: 'bob', kind: 'audio', muted: true })
  await stage.pass(50)
  await c.enter('cyd')
  expect(c.rooms.get('room')?.member('bob')?.mutedByOthers).toEqual({ audio: true, video: false })
})
