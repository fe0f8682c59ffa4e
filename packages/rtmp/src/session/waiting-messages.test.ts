import { encodeAmf0Values } from '@crossroom/media'
import { expect, test } from 'vitest'
import { ServerRig } from './session.fake.js'

const metadata = encodeAmf0Values(['onMetaData', { width: 640 }])

test('messages between publish and its answer are delivered in order with the answer, with their arrival times', () => {
  const rig = new ServerRig().connect()
  rig.command('publish', 3, null, ['x', 'live'], 1)
  rig.message(18, Uint8Array.of(...encodeAmf0Values(['@setDataFrame']), ...metadata), 0, 1)
  rig.message(9, Uint8Array.of(0x17, 0), 0, 1)
  const arrivedAt = rig.now
  rig.now += 200_000
  // A keyframe is longer than what strangers may say.
  rig.message(9, new Uint8Array(300_000), 40, 1)
  expect(rig.events()).toMatchObject([{ type: 'publish' }])
  rig.session.acceptPublish(1)
  rig.message(8, Uint8Array.of(0xaf), 50, 1)
  expect(rig.events()).toMatchObject([
    { messageType: 18, timestampMs: 0, payload: metadata, receivedAt: arrivedAt },
    { messageType: 9, timestampMs: 0, receivedAt: arrivedAt },
    { messageType: 9, timestampMs: 40, receivedAt: arrivedAt + 200_000 },
    { messageType: 8, timestampMs: 50 },
  ])
  expect(rig.session.counters.unexpectedMedia).toBe(0)
})

test('media waiting for a refused or withdrawn publish is dropped', () => {
  const withdraw = (rig: ServerRig): void => rig.command('closeStream', 0, null, [], 1)
  const refuse = (rig: ServerRig): void => rig.session.refusePublish(1, 'NetStream.Publish.Denied', 'No.')
  for (const end of [withdraw, refuse]) {
    const rig = new ServerRig().connect()
    rig.command('publish', 3, null, ['x', 'live'], 1)
    rig.message(9, Uint8Array.of(0x17, 0), 0, 1)
    end(rig)
    rig.command('publish', 4, null, ['y', 'live'], 1)
    rig.session.acceptPublish(1)
    expect(rig.events().filter(({ type }) => type === 'media')).toEqual([])
  }
})

test.each([
  { limit: 'bytes', limits: { waitingBytes: 10_000 }, size: 1000, count: 10 },
  { limit: 'messages', limits: { waitingMessages: 10 }, size: 1, count: 10 },
])('$limit: at the limit the session asks not to be read, at twice it drops', ({ limits, size, count }) => {
  const rig = new ServerRig({ limits }).connect()
  rig.command('publish', 3, null, ['x', 'live'], 1)
  for (let sent = 0; sent < count; sent++) {
    expect(rig.session.isBacklogged).toBe(false)
    rig.message(9, new Uint8Array(size), sent, 1)
  }
  expect(rig.session.isBacklogged).toBe(true)
  for (let sent = 0; sent < count + 5; sent++) rig.message(9, new Uint8Array(size), sent, 1)
  expect(rig.session.counters.unexpectedMedia).toBe(5)
  rig.session.acceptPublish(1)
  expect(rig.session.isBacklogged).toBe(false)
  expect(rig.events().filter(({ type }) => type === 'media')).toHaveLength(2 * count)
})

test('connect, createStream, publish and media in one piece are taken', () => {
  const rig = new ServerRig().shakeHands()
  rig.command('connect', 1, { app: 'live' })
  rig.command('createStream', 2, null)
  rig.command('publish', 3, null, ['x', 'live'], 1)
  rig.message(9, Uint8Array.of(0x17, 0), 0, 1)
  rig.session.acceptPublish(1)
  expect(rig.events().map(({ type }) => type)).toEqual(['connect', 'publish', 'media'])
})

test('a player that pauses before the answer is paused', () => {
  const rig = new ServerRig().connect()
  rig.command('play', 3, null, ['x'], 1)
  rig.command('pause', 0, null, [true, 0], 1)
  expect(rig.events()).toMatchObject([{ type: 'play' }, { type: 'pause', paused: true }])
})

test('a client that exceeds a limit is told which one on the stream in use', () => {
  const rig = new ServerRig().publish()
  rig.message(18, new Uint8Array(1024 * 1024 + 1), 0, 1)
  const { values, messageStreamId } = rig.takeAnswers().at(-1)!
  expect(messageStreamId).toBe(1)
  expect(values?.at(-1)).toEqual({
    level: 'error',
    code: 'NetStream.Publish.Failed',
    description: expect.stringContaining('1048576 are allowed') as string,
  })
})

test('metadata of 300 KB and arguments with a JWT of 4096 characters are taken', () => {
  const rig = new ServerRig().publish()
  rig.message(18, new Uint8Array(300_000), 0, 1)
  expect(rig.events()).toMatchObject([{ type: 'media' }])
  const jwt = 'j'.repeat(4096)
  const other = new ServerRig().connect()
  other.command('publish', 3, null, [`x?token=${jwt}&a=b`], 1)
  expect(other.events()).toMatchObject([
    {
      type: 'publish',
      query: new Map([
        ['token', jwt],
        ['a', 'b'],
      ]),
    },
  ])
})
