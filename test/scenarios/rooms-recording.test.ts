import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'

test('what the owner records goes on without the owner and ends when the room is over', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  void alice.member.request('room.record', { recording: true })
  expect(bob.member.request('room.info', {}).recording).toBe(true)
  alice.member.leave()
  stage.settle()
  expect([bob.member.role, stage.recorded.has('room')]).toEqual(['owner', true])
  bob.member.leave()
  stage.clock.advance(59_000_000)
  expect(stage.recorded.has('room')).toBe(true)
  stage.clock.advance(2_000_000)
  expect([stage.rooms.get('room'), stage.recorded.has('room')]).toEqual([undefined, false])
})

test('a server that shuts down keeps it for the members who come back', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  void alice.member.request('room.record', { recording: true })
  await stage.rooms.drain()
  expect([stage.rooms.list(), stage.recorded.has('room')]).toEqual([[], true])
})
