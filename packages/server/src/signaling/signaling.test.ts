import { afterEach, beforeEach, expect, test } from 'vitest'
import { signalingLimits } from '../config/index.js'
import { AddressRates } from '../net/index.js'
import { Stage } from './signaling.fake.js'

let stage: Stage
beforeEach(async () => {
  stage = await Stage.open()
})
afterEach(() => {
  stage.close()
})

test('a new member gets the room’s messages and the ICE servers', async () => {
  const client = await stage.connect()
  const answer = await client.enter({ userName: 'Alice', role: 'audience' })
  expect(answer).toEqual({
    ...{ jsonrpc: '2.0', id: 'q1' },
    result: {
      ...{ sessionId: 's', resumeToken: 'resume-me', heartbeatMs: 200 },
      iceServers: [{ urls: ['stun:stun.example'] }],
    },
  })
  const { roomId, userName, role, remoteAddress, identity } = stage.rooms.members[0]!.request
  expect({ roomId, userName, role, remoteAddress, user: identity.userId }).toEqual({
    ...{ roomId: '42', userName: 'Alice', role: 'audience', remoteAddress: '127.0.0.1', user: 'alice' },
  })
  expect(stage.signaling.sockets).toBe(1)
})

test('before an entry only a ping is served; a second entry is refused', async () => {
  const client = await stage.connect()
  expect((await client.ask('room.ping')).result).toEqual({ now: 1234 })
  for (const method of ['room.info', 'room.leave', 'media.subscribe'] as const) {
    const answer = await client.ask(method, method === 'media.subscribe' ? { streams: 'all' } : {})
    expect(answer.error).toMatchObject({ data: { code: 'NOT_ENTERED' } })
  }
  const [first, second] = await Promise.all([client.enter(), client.enter()])
  expect(second.error ?? first.error).toMatchObject({ data: { code: 'ALREADY_ENTERED' } })
  expect((await client.enter()).error).toMatchObject({ data: { code: 'ALREADY_ENTERED' } })
  expect(stage.rooms.members).toHaveLength(1)
})

test.each<[string, object, string]>([
  ['a wrong signature', { userSig: 'wrong' }, 'USER_SIG_INVALID'],
  ['a ban', { userId: 'banned' }, 'BANNED'],
  ['another version', { protocol: 2 }, 'PROTOCOL_VERSION'],
  ['a room that cannot be', { roomId: 'a b' }, 'BAD_ROOM_ID'],
  ['a user that cannot be', { userId: 'x'.repeat(33) }, 'BAD_USER_ID'],
])('%s keeps one out, with its code and a sentence', async (_name, params, code) => {
  const client = await stage.connect()
  const { error } = await client.enter(params)
  expect(error).toMatchObject({ data: { code } })
  expect(error!.message).toMatch(/^\w.{10,}\.$/)
  expect(stage.signaling.counters.refusals.get(code)).toBe(1)
  expect((await client.enter({ userId: 'bob' })).error).toBeUndefined()
})

test('each request goes to its method, its error comes back as an error of the protocol', async () => {
  const client = await stage.connect()
  await client.enter()
  const play = { audio: true, video: true, audioOf: 'all' }
  expect((await client.ask('media.mix', play)).result).toEqual({ name: 'media.mix', params: play })
  expect((await client.ask('mic.request')).result).toEqual({ name: 'mic.request', params: {} })
  const aux = { streamType: 'aux' }
  expect((await client.ask('media.unpublish', aux)).result).toEqual({ name: 'media.unpublish', params: aux })
  expect(stage.rooms.members[0]!.asked).toEqual(['media.mix', 'mic.request', 'media.unpublish'])
  expect((await client.ask('room.kick', { userId: 'bob' })).error).toMatchObject({
    ...{ message: 'Only the owner may do that.', data: { code: 'ROLE_FORBIDDEN' } },
  })
  // What went wrong inside stays inside.
  expect((await client.ask('room.disband')).error).toMatchObject({ code: -32603, data: { code: 'INTERNAL' } })
  expect((await client.say('nonsense')).error).toMatchObject({ code: -32700, data: { code: 'BAD_JSON' } })
  expect((await client.ask('room.mute', { userId: 'bob' })).error).toMatchObject({ data: { code: 'BAD_REQUEST' } })
})

test('a renewal is verified for the same user before rooms hear of it', async () => {
  const client = await stage.connect()
  await client.enter()
  expect((await client.ask('room.renew', { userSig: 'wrong' })).error).toMatchObject({
    data: { code: 'USER_SIG_INVALID' },
  })
  expect((await client.ask('room.renew', { userSig: 'right' })).result).toEqual({ expiresAt: 1 })
})

test('a lost socket is told to rooms; leaving is no loss and ends the socket', async () => {
  const client = await stage.connect()
  await client.enter()
  client.socket.terminate()
  await expect.poll(() => stage.rooms.members[0]!.asked).toEqual(['lost'])
  const leaver = await stage.connect()
  await leaver.enter({ userId: 'bob' })
  expect((await leaver.ask('room.leave')).result).toEqual({})
  expect(await leaver.closed).toEqual([1000, 'left'])
  expect(stage.rooms.members[1]!.asked).toEqual(['leave'])
  await expect.poll(() => stage.signaling.sockets).toBe(0)
})

test('resuming closes the old socket and is no loss of it', async () => {
  const old = await stage.connect()
  await old.enter()
  const client = await stage.connect()
  expect((await client.ask('room.resume', { resumeToken: 'no' })).error).toMatchObject({
    data: { code: 'RESUME_FAILED' },
  })
  expect((await client.ask('room.resume', { resumeToken: 'resume-me' })).result).toMatchObject({ sessionId: 's' })
  expect(await old.closed).toEqual([1000, 'resumed'])
  expect(old.notifications).toEqual([])
  expect(stage.rooms.members[0]!.asked).toEqual([])
})

test('rooms close with a reason, which is told first', async () => {
  const client = await stage.connect()
  await client.enter()
  stage.rooms.members[0]!.connection.close('drain', { retryAfterMs: 700 })
  expect(await client.closed).toEqual([1001, 'drain'])
  expect(client.notifications).toMatchObject([
    { method: 'room.closed', params: { reason: 'drain', retryAfterMs: 700 } },
  ])
  expect(stage.rooms.members[0]!.asked).toEqual([])
})

test('one notification for many is the same text for all', async () => {
  const clients = await Promise.all([stage.connect(), stage.connect(), stage.connect()])
  for (const [i, client] of clients.entries()) await client.enter({ userId: `user${String(i)}` })
  const params = { userId: 'x', reason: 'left' } as const
  for (const member of stage.rooms.members) member.connection.notify('room.userExit', params)
  stage.rooms.members[0]!.connection.notify('room.userExit', { ...params, userId: 'y' })
  await expect.poll(() => clients.map((client) => client.notifications.length)).toEqual([2, 1, 1])
  expect(clients.map((client) => client.notifications.at(-1)!.params!['userId'])).toEqual(['y', 'x', 'x'])
})

test('a member that is silent for more than two heartbeats is lost', async () => {
  const client = await stage.connect()
  await client.enter()
  expect((await client.closed)[0]).toBe(1006)
  await expect.poll(() => stage.rooms.members[0]!.asked).toEqual(['lost'])
})

test('a ping of the WebSocket is answered with what it said, which some programs check', async () => {
  const client = await stage.connect()
  const pong = new Promise((resolve) => client.socket.once('pong', (data) => resolve(data.toString())))
  client.socket.ping('it is me')
  expect(await pong).toBe('it is me')
})

test('an address may enter fifty times a second', () => {
  const { entriesPerSecond: perSecond, entryAddresses: addresses } = signalingLimits
  const rates = new AddressRates({ perSecond, burst: 2 * perSecond, addresses })
  const waits = Array.from({ length: 120 }, () => rates.take(0, '10.0.0.1'))
  expect(waits.filter((wait) => wait === 0)).toHaveLength(100)
  expect(waits.at(-1)).toBe(20_000)
  expect(rates.take(0, '10.0.0.2')).toBe(0)
  expect(rates.take(1_000_000, '10.0.0.1')).toBe(0)
  expect(Array.from({ length: 1000 }, () => rates.take(0, '127.0.0.1')).every((wait) => wait === 0)).toBe(true)
})
