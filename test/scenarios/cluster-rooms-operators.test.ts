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

test('REST on any node lists the rooms of all, and their members', async () => {
  await a.enter('ann', { room: 'one' })
  await b.enter('bob', { room: 'two' })
  await b.enter('eve', { room: 'two', role: 'audience' })
  await stage.pass(1500)
  for (const node of stage.nodes) {
    const rooms = await stage.settle(node.operations.list())
    expect(rooms.map(({ roomId, ownerId, anchors, audience }) => [roomId, ownerId, anchors, audience])).toEqual([
      ['one', 'ann', 1, 0],
      ['two', 'bob', 1, 1],
    ])
    const members = await stage.settle(node.operations.members('two'))
    expect(members.map(({ userId, role }) => `${userId} ${role}`).sort()).toEqual(['bob owner', 'eve audience'])
  }
  expect(await codeOf(stage.settle(c.operations.room('three')))).toBe('ROOM_NOT_FOUND')
  expect(await stage.settle(c.operations.usersIn('three'))).toBeUndefined()
  expect(await stage.settle(c.operations.usersIn('one'))).toEqual(new Set(['ann']))
})

test('an invitation that was made on one node is taken on another', async () => {
  const ann = await a.enter('ann')
  const { invite } = await ann.ask('room.invite', { uses: 1 })
  const pass = await stage.settle(c.operations.redeem('room', invite))
  expect(pass?.userId).toMatch(/^guest-/)
  expect(await stage.settle(b.operations.redeem('room', invite))).toBeUndefined()
})

test('an address that was shared on one node plays on another, until any takes it back', async () => {
  await a.enter('ann')
  await stage.pass(50)
  const request = { userId: 'ann', streamType: 'main', expiresAtMs: stage.nowMs() + 3_600_000 } as const
  const shared = await stage.settle(b.operations.share('room', request))
  if (typeof shared === 'string') throw new Error(shared)
  for (const node of stage.nodes) expect((await node.admit('r', shared.token, 'play')).ok).toBe(true)
  const played = await b.admit('r', shared.token, 'play')
  let ended: string | undefined
  if (played.ok) played.onRevoked((reason) => (ended = reason))
  expect(await stage.settle(c.operations.unshare('room', shared.token))).toBeDefined()
  for (const node of stage.nodes) expect((await node.admit('r', shared.token, 'play')).ok).toBe(false)
  await stage.pass(11_000)
  expect(ended).toBe('kicked')
  expect(await stage.settle(a.operations.unshare('room', shared.token))).toBeUndefined()
})
