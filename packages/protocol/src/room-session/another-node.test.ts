import fc from 'fast-check'
import { expect, test } from 'vitest'
import { enterResult, SECOND, SessionRig } from './room-session.fake.js'

const MILLISECOND = SECOND / 1000
const CLUSTER_HEARTBEAT = { heartbeatMs: 800 }

const turns = (rig: SessionRig): number[] =>
  rig.outputs.splice(0).flatMap((output) => (output.kind === 'connect' ? [output.turn] : []))

test('a membership that goes on at another node says everything again', () => {
  const rig = new SessionRig().live(['bob'])
  rig.session.subscribe(rig.now, [])
  rig.session.request(rig.now, 'media.state', { streamType: 'main', audio: false, video: true })
  rig.drain()
  for (const request of rig.requests()) rig.answer(request, {})
  rig.close()
  rig.events.splice(0)
  rig.answer<'room.resume'>(rig.reconnect(), enterResult(['bob'], { moved: true, resumeToken: 'r2' }))
  expect(rig.requests().map(({ method }) => method)).toEqual(['media.subscribe', 'media.state'])
  const events = rig.events.splice(0)
  expect(events).toContainEqual(expect.objectContaining({ kind: 'entered', how: 'moved' }))
  // Nobody was seen leaving.
  expect(events.filter(({ kind }) => kind === 'users')).toEqual([])
})

test('a server that is silent is tried at another address, a socket that only broke at the same', () => {
  const rig = new SessionRig().live([], CLUSTER_HEARTBEAT)
  rig.close()
  rig.pass(200 * MILLISECOND)
  expect(turns(rig)).toEqual([0])
  rig.open()
  rig.answer<'room.resume'>(rig.request(), enterResult([], CLUSTER_HEARTBEAT))
  rig.pass(3 * SECOND)
  expect(turns(rig)).toEqual([1])
  rig.close()
  rig.pass(SECOND)
  expect(turns(rig)).toEqual([2])
})

test('a server that drains is left at once, for another address', () => {
  const rig = new SessionRig(() => 0).live([], CLUSTER_HEARTBEAT)
  rig.notify('room.closed', { reason: 'drain' })
  rig.pass(10 * MILLISECOND)
  expect(turns(rig)).toEqual([1])
  rig.open()
  rig.refuse(rig.request(), 'DRAINING')
  rig.pass(SECOND)
  expect(turns(rig)).toEqual([2])
})

test('a frozen machine of a cluster is noticed, and the next one tried, within 4.2 s', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
      const rig = new SessionRig(() => random).live([], CLUSTER_HEARTBEAT)
      // It still takes connections, and says nothing.
      rig.pass(4_200 * MILLISECOND)
      expect(turns(rig)).toEqual([1, 2])
    }),
  )
})

test('slow networks are waited for longer with each attempt, up to the limit', () => {
  const rig = new SessionRig(() => 0).live([], CLUSTER_HEARTBEAT)
  rig.close()
  const patience: number[] = []
  for (let attempt = 0; attempt < 4; attempt++) {
    while (turns(rig).length === 0) rig.pass(rig.drain() - rig.now)
    patience.push((rig.drain() - rig.now) / MILLISECOND)
  }
  expect(patience).toEqual([1_200, 2_400, 4_800, 6_000])
})

test('a single server is waited for as long as ever', () => {
  const rig = new SessionRig(() => 0).live()
  rig.close()
  rig.pass(10 * MILLISECOND)
  expect(rig.drain() - rig.now).toBe(6 * SECOND)
})

test('first attempts of many spread over the first 200 ms', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
      const rig = new SessionRig(() => random).live()
      rig.close()
      rig.outputs.splice(0)
      const due = Math.round((10 + 190 * random) * MILLISECOND)
      rig.pass(due - 1)
      expect(turns(rig)).toEqual([])
      rig.pass(1)
      expect(turns(rig)).toEqual([0])
    }),
  )
})
