import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterRoomsStage, type Person, type RoomsNode } from './cluster-rooms-stage.js'

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

const told = ({ connection }: Person): boolean[] => connection.all('room.recording').map(({ recording }) => recording)

test('members on every node are told of a recording on one, and those who enter later find it', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  b.record('room', true)
  await stage.pass(50)
  expect([ann, bob].map(told)).toEqual([[true], [true]])
  const cyd = await c.enter('cyd')
  expect(cyd.entered.room.recording).toBe(true)
  b.record('room', false)
  await stage.pass(50)
  expect([ann, bob, cyd].map(told)).toEqual([[true, false], [true, false], [false]])
})

test('the owner starts and stops it on all nodes with members', async () => {
  const ann = await a.enter('ann')
  const bob = await b.enter('bob')
  await stage.pass(50)
  expect(await bob.refused('room.record', { recording: true })).toBe('ROLE_FORBIDDEN')
  await ann.ask('room.record', { recording: true })
  await stage.pass(50)
  expect([a, b, c].map(({ recorded }) => recorded.has('room'))).toEqual([true, true, false])
  await ann.ask('room.record', { recording: false })
  await stage.pass(50)
  expect([a, b, c].map(({ recorded }) => recorded.has('room'))).toEqual([false, false, false])
  expect([ann, bob].map(told)).toEqual([
    [true, false],
    [true, false],
  ])
})
