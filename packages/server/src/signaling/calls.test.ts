import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Call, OnlineParams } from '@crossroom/protocol'
import { CallDesk } from '../calls/index.js'
import { callLimits } from '../config/index.js'
import { systemClock } from '../net/index.js'
import { silentLog } from '../observe/index.js'
import { Stage, type Answer, type Client } from './signaling.fake.js'

let stage: Stage
let desk: CallDesk
let closedRooms: string[]

beforeEach(async () => {
  let ids = 0
  closedRooms = []
  desk = new CallDesk({
    ...{ clock: systemClock, nowMs: Date.now, log: silentLog, whenBusy: 'reject' },
    newId: () => String(++ids).padStart(22, '0'),
    closeRoom: (roomId) => closedRooms.push(roomId),
  })
  stage = await Stage.open({ calls: desk })
})

afterEach(() => {
  stage.close()
  desk.close()
})

async function online(userId: string, extra: Partial<OnlineParams> = {}): Promise<Client> {
  const client = await stage.connect()
  const { error } = await client.ask('user.online', { userId, ...extra })
  expect(error).toBeUndefined()
  return client
}

/** The next notification of this method, which is taken off the list. */
async function told(client: Client, method: string): Promise<Record<string, unknown>> {
  let found: Answer | undefined
  await vi.waitFor(() => {
    found = client.notifications.find((one) => one.method === method)
    expect(found, method).toBeDefined()
  })
  client.notifications.splice(client.notifications.indexOf(found!), 1)
  return found!.params!
}

const callOf = ({ result }: Answer): Call => result!['call'] as Call
const codeOf = ({ error }: Answer): unknown => error?.data['code']

test('a call rings on every device, is accepted on one, and its room lets exactly its members in', async () => {
  const [anna, phone, desktop, stranger] = await Promise.all([
    online('anna'),
    online('ben', { deviceId: 'phone' }),
    online('ben', { deviceId: 'desktop' }),
    online('eve'),
  ])
  const invited = callOf(await anna.ask('call.invite', { callId: 'c', userIds: ['ben'], media: 'video', data: 'hi' }))
  expect(await told(phone, 'call.ringing')).toEqual({ call: invited })
  expect(await told(desktop, 'call.ringing')).toEqual({ call: invited })
  const accepted = callOf(await phone.ask('call.accept', { callId: 'c' }))
  expect(accepted).toMatchObject({ inviter: 'anna', data: 'hi', media: 'video' })
  expect(await told(anna, 'call.accepted')).toEqual({ callId: 'c', userId: 'ben' })
  expect(await told(desktop, 'call.ended')).toMatchObject({ callId: 'c', reason: 'otherDeviceAccepted' })
  expect(codeOf(await desktop.ask('call.accept', { callId: 'c' }))).toBe('CALL_ANSWERED')

  const room = { roomId: accepted.roomId }
  expect((await phone.enter({ ...room, userId: 'ben' })).result).toBeDefined()
  expect((await anna.enter({ ...room, userId: 'anna' })).result).toBeDefined()
  expect(codeOf(await stranger.enter({ ...room, userId: 'eve' }))).toBe('NO_PERMISSION')

  expect((await phone.ask('room.leave')).result).toEqual({})
  expect((await phone.ask('call.hangup', { callId: 'c' })).result).toEqual({})
  expect(await told(anna, 'call.ended')).toMatchObject({ callId: 'c', reason: 'hangup', by: 'ben' })
  expect(desk.counts).toEqual({ calls: 0, users: 3 })
  await vi.waitFor(() => expect(closedRooms).toEqual([accepted.roomId]), 5_000)
})

test('a device that comes online while it rings, rings; one that comes back is in its call as before', async () => {
  const anna = await online('anna')
  await anna.ask('call.invite', { callId: 'c', userIds: ['ben'], media: 'audio' })
  const ben = await stage.connect()
  const { result } = await ben.ask('user.online', { userId: 'ben', deviceId: 'phone' })
  expect(result).toMatchObject({ calls: [{ callId: 'c' }], expiresAt: null })
  await ben.ask('call.accept', { callId: 'c' })
  ben.socket.terminate()
  await vi.waitFor(() => expect(stage.signaling.sockets).toBe(1))
  const again = await stage.connect()
  const answer = await again.ask('user.online', { userId: 'ben', deviceId: 'phone' })
  expect(answer.result).toMatchObject({ calls: [{ callId: 'c', members: [{}, { userId: 'ben', state: 'accepted' }] }] })
  expect((await again.ask('call.hangup', { callId: 'c' })).result).toEqual({})
  expect(await told(anna, 'call.ended')).toMatchObject({ reason: 'hangup' })
})

test.each<[string, object, string]>([
  ['nobody', { userIds: [] }, 'BAD_REQUEST'],
  ['oneself', { userIds: ['anna'] }, 'BAD_REQUEST'],
  ['a user twice', { userIds: ['ben', 'ben'] }, 'BAD_REQUEST'],
  ['ten thousand users', { userIds: Array.from({ length: 10_000 }, (_, index) => `u${String(index)}`) }, 'BAD_REQUEST'],
  ['a user that cannot be', { userIds: ['a b'] }, 'BAD_USER_ID'],
  ['a time that cannot be', { userIds: ['ben'], timeoutMs: 86_400_000 }, 'BAD_REQUEST'],
])('inviting %s is refused in words', async (_name, params, code) => {
  const anna = await online('anna')
  const answer = await anna.ask('call.invite', { callId: 'c', media: 'audio', ...params })
  expect(codeOf(answer)).toBe(code)
  expect(answer.error!.message).toMatch(/^\w.{10,}\.$/)
  expect(desk.counts.calls).toBe(0)
})

test('requests of a socket that is not online, and wrong signatures, are refused', async () => {
  const client = await stage.connect()
  expect(codeOf(await client.ask('call.accept', { callId: 'c' }))).toBe('NOT_ONLINE')
  expect(codeOf(await client.ask('user.online', { userId: 'anna', userSig: 'wrong' }))).toBe('USER_SIG_INVALID')
  expect(codeOf(await client.ask('call.accept', { callId: 'c' }))).toBe('NOT_ONLINE')
})

test('one who rings everybody is stopped, and the others are not', async () => {
  const [anna, ben] = await Promise.all([online('anna'), online('ben')])
  const codes: unknown[] = []
  for (let count = 0; count <= callLimits.inviteBurst; count++) {
    codes.push(codeOf(await anna.ask('call.invite', { callId: 'c', userIds: ['eve'], media: 'audio' })))
    await anna.ask('call.cancel', { callId: 'c' })
  }
  expect(codes.slice(0, -1).every((code) => code === undefined)).toBe(true)
  expect(codes.at(-1)).toBe('TOO_MANY_REQUESTS')
  expect(codeOf(await ben.ask('call.invite', { callId: 'b', userIds: ['eve'], media: 'audio' }))).toBeUndefined()
})

test('a backend rings for two and ends the call', async () => {
  const [anna, ben] = await Promise.all([online('anna'), online('ben')])
  await desk.start({ callId: 'c', userIds: ['ben'], inviter: 'anna', media: 'audio' })
  expect(await told(anna, 'call.ringing')).toMatchObject({ call: { inviter: 'anna' } })
  await told(ben, 'call.ringing')
  await Promise.all([anna.ask('call.accept', { callId: 'c' }), ben.ask('call.accept', { callId: 'c' })])
  expect(await desk.end('c')).toBe(true)
  expect(await told(anna, 'call.ended')).toMatchObject({ reason: 'endByServer' })
  expect(await told(ben, 'call.ended')).toMatchObject({ reason: 'endByServer' })
})

test('a socket that is put out of its room stays online', async () => {
  const anna = await online('anna')
  await anna.enter({ userId: 'anna', roomId: 'lobby' })
  stage.rooms.members[0]!.connection.close('disbanded')
  expect(await told(anna, 'room.closed')).toEqual({ reason: 'disbanded' })
  expect((await anna.enter({ userId: 'anna', roomId: 'lobby' })).result).toBeDefined()
  expect(desk.counts.users).toBe(1)
})
