import { expect, test } from 'vitest'
import { rest, until } from '../../harness/index.js'
import { useSimulatedRoom } from './simulated-room.js'

const room = useSimulatedRoom()

test('a phone is told that its room is recorded, when it begins, when it ends, and when it enters', async () => {
  const alice = await room.open('alice')
  await until('the entry of alice', () => alice.codes().includes(1018))
  const of = ({ told }: typeof alice) =>
    told.room.filter(({ code }) => code === 'RECORDING').map(({ detail }) => detail)
  expect(of(alice)).toEqual([])
  const made = (await rest<{ id: string }>(room.server, 'POST', 'recordings', { room: 'call' }))!
  await until('alice to be told', () => of(alice).length === 1)
  const bob = await room.open('bob')
  await until('bob to be told', () => of(bob).length === 1)
  // A connection that was idle may be closed under the request.
  const stop = () => rest(room.server, 'POST', `recordings/${made.id}/stop`).catch(() => undefined)
  await until('the recording to be stopped', async () => (await stop()) !== undefined, { explain: room.server.log })
  await until('both to be told of its end', () => of(alice).length + of(bob).length === 4)
  expect([of(alice), of(bob)]).toEqual([
    ['on', 'off'],
    ['on', 'off'],
  ])
})
