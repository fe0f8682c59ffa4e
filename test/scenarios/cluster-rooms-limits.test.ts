import { afterEach, beforeEach, expect, test } from 'vitest'
import { roomLimits } from '../../packages/server/src/config/limits.js'
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

test('sending members are limited in the room, not on each node', async () => {
  const { anchors } = roomLimits
  const all = Array.from({ length: anchors }, (_, i) => (i % 2 === 0 ? a : b).enter(`u${String(i)}`))
  await Promise.all(all)
  await stage.pass(50)
  expect(await codeOf(c.enter('late'))).toBe('TOO_MANY_ANCHORS')
  expect(await codeOf(a.enter('late'))).toBe('TOO_MANY_ANCHORS')
  const late = await c.enter('late', { role: 'audience' })
  expect(late.entered.room.anchors).toBe(anchors)
  expect(await late.refused('room.switchRole', { role: 'anchor' })).toBe('TOO_MANY_ANCHORS')
})

test('who may create no room enters one that is on another node', async () => {
  const permissions = { createRoom: false }
  expect(await codeOf(b.enter('bob', { permissions }))).toBe('ROOM_NOT_FOUND')
  await a.enter('ann')
  expect(await codeOf(b.enter('bob', { permissions }))).toBe('done')
})
