import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { SECOND } from './stage.js'

const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error

test('a message reaches everyone but its sender, or only its addressee', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const viewer = stage.settled('viewer', { role: 'audience', userName: 'A viewer' })
  const { messageId } = viewer.member.request('message.send', { to: null, kind: 'text', data: 'hello' })
  const whole = {
    messageId,
    from: 'viewer',
    fromName: 'A viewer',
    to: null,
    kind: 'text',
    data: 'hello',
    at: stage.nowMs,
  }
  expect(alice.connection.all('message.received')).toEqual([whole])
  expect(bob.connection.all('message.received')).toEqual([whole])
  expect(viewer.connection.all('message.received')).toEqual([])
  alice.member.request('message.send', { to: 'bob', kind: 'custom', data: '{}' })
  expect(bob.connection.all('message.received').at(-1)).toMatchObject({
    from: 'alice',
    fromName: 'alice',
    to: 'bob',
    kind: 'custom',
  })
  expect(viewer.connection.all('message.received')).toEqual([])
})

test('a message to an absent user or to a device is refused', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('camera')
  camera.open()
  for (const to of ['nobody', 'camera'])
    expect(() => alice.member.request('message.send', { to, kind: 'text', data: '' })).toThrow(code('USER_NOT_FOUND'))
})

test('a room limits its messages to all members', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const say = () => alice.member.request('message.send', { to: null, kind: 'text', data: 'again' })
  for (let i = 0; i < 100; i++) say()
  expect(say).toThrow(code('TOO_MANY_REQUESTS'))
  expect(bob.connection.all('message.received')).toHaveLength(100)
  stage.clock.advance(1 * SECOND)
  for (let i = 0; i < 50; i++) say()
  expect(say).toThrow(code('TOO_MANY_REQUESTS'))
})
