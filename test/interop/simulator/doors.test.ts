import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

import { makePrivateMapKey, makeTicket } from '../../../packages/server/src/auth/index.js'
import { until } from '../../harness/index.js'
import { useSimulatedRoom } from './simulated-room.js'

/** Tencent's own library for back-ends; what it signs must be taken. */
interface SignatureApi {
  genUserSig(userId: string, expireSeconds: number): string
  genPrivateMapKey(userId: string, expireSeconds: number, roomId: number, privileges: number): string
  genPrivateMapKeyWithStringRoomID(userId: string, expireSeconds: number, roomId: string, privileges: number): string
}
const { Api } = createRequire(import.meta.url)('tls-sig-api-v2') as {
  readonly Api: new (sdkAppId: number, secret: string) => SignatureApi
}

const sdkAppId = 1_400_000_000
const secret = '0123456789abcdef'.repeat(4)
const api = new Api(sdkAppId, secret)
const room = useSimulatedRoom(() => {
  const tls = ['--tls', 'self-signed', '--https-port', '0', '--rtmps-port', '0']
  return Promise.resolve(['--sdk-app-id', String(sdkAppId), '--secret', secret, ...tls])
})
/** Longer ago than any clock is wrong. */
const PAST_SECONDS = Math.floor(Date.now() / 1000) - 7200

function signed(userId: string): { sdkAppId: number; userSig: string } {
  return { sdkAppId, userSig: api.genUserSig(userId, 3600) }
}

test("signatures of Tencent's library are accepted, for numeric and named rooms", async () => {
  const roomId = 107_688
  const privateMapKey = api.genPrivateMapKey('alice', 300, roomId, 255)
  const alice = await room.open('alice', { roomId, ...signed('alice'), privateMapKey })
  const bob = await room.open('bob', { roomId, ...signed('bob') })
  await bob.untilPlays('alice', 5)
  expect(alice.codes()).toContain(1018)

  const named = api.genPrivateMapKeyWithStringRoomID('carol', 300, 'room-a', 255)
  const carol = await room.open('carol', { roomId: 'room-a', ...signed('carol'), privateMapKey: named })
  await until('the entry of carol', () => carol.codes().includes(1018))
})

/** What was right for eve an hour ago, in room 9. */
const expired = {
  userSig: makeTicket(secret, { userId: 'eve', sdkAppId, issuedAtSeconds: PAST_SECONDS, expireSeconds: 3600 }),
  privateMapKey: makePrivateMapKey(
    secret,
    { userId: 'eve', sdkAppId, room: 9, expiresAtSeconds: PAST_SECONDS + 3600, privileges: 255 },
    PAST_SECONDS,
  ),
}
const mayNotCreate = api.genPrivateMapKey('eve', 300, 9, 42)

test.each([
  ['a signature for another user', { userSig: api.genUserSig('somebody', 3600) }, -100018, -9],
  [
    'a signature with another secret',
    { userSig: new Api(sdkAppId, 'f'.repeat(64)).genUserSig('eve', 3600) },
    -100018,
    -9,
  ],
  ['a signature that has run out', { userSig: expired.userSig }, -100018, -9],
  ['no signature', { userSig: undefined }, -100018, -9],
  ['a key for another room', { ...signed('eve'), privateMapKey: api.genPrivateMapKey('eve', 300, 7, 255) }, 1022, -9],
  ['a key that has run out', { ...signed('eve'), privateMapKey: expired.privateMapKey }, 1022, -9],
  ['a key that is none', { ...signed('eve'), privateMapKey: 'eJyrVg' }, 1022, -9],
  ['a room that is not there', { ...signed('eve'), privateMapKey: mayNotCreate }, 1022, -10],
  ['an id with other characters', { ...signed('eve'), userId: '张三' }, 1022, -10],
  ['a room id with other characters', { ...signed('eve'), roomId: 'room 9' }, 1022, -10],
] as const)('%s is refused with a sentence, and the camera never goes on', async (_, options, pusher, event) => {
  const eve = await room.open('eve', { roomId: 9, sdkAppId, ...options })
  await until('the refusal', () => eve.told.room.length > 0)
  expect(eve.codes()).toEqual([pusher])
  const detail = expect.stringMatching(/^.{12,}\.$/) as string
  expect(eve.told.room).toEqual([{ tag: 'error', code: event, detail }])
})

test('an unreachable server and an untrusted certificate are -10 with a sentence, and the camera is off', async () => {
  const options = { roomId: 9, ...signed('eve') }
  const phones = await Promise.all([
    room.open('eve', { ...options, server: 'http://127.0.0.1:9' }),
    room.open('eve', { ...options, server: `https://127.0.0.1:${String(room.server.ports['https'])}` }),
  ])
  for (const phone of phones) {
    await until('the error', () => phone.told.room.length > 0, { timeoutMs: 40_000 })
    const detail = expect.stringMatching(/^.{12,}\.$/) as string
    expect([phone.codes(), phone.told.room]).toEqual([[1022], [{ tag: 'error', code: -10, detail }]])
  }
}, 60_000)

test('a kicked phone is told, and its camera is off', async () => {
  const owner = await room.open('owner', { roomId: 10, ...signed('owner') })
  await until('the entry of the owner', () => owner.codes().includes(1018))
  const guest = await room.open('guest', { roomId: 10, ...signed('guest') })
  await owner.untilPlays('guest', 5)
  await owner.phone.call('request', 'room.kick', { userId: 'guest', banMs: 60_000 })
  await until('1019', () => guest.codes().includes(1019))
  expect(guest.told.room).toContainEqual({
    tag: 'error',
    code: -10,
    detail: expect.stringContaining('owner') as string,
  })
  await until('the exit of the guest', () => owner.codes().includes(1032))
  const again = await room.open('guest', { roomId: 10, ...signed('guest') })
  await until('the ban', () => again.told.room.length > 0)
  expect(again.codes()).toEqual([1022])
})

test('the same user on another device replaces the first, which is told', async () => {
  const first = await room.open('twice', { roomId: 11, ...signed('twice') })
  await until('the first entry', () => first.codes().includes(1018))
  const second = await room.open('twice', { roomId: 11, ...signed('twice') })
  await until('the second entry', () => second.codes().includes(1018))
  await until('1019 for the first', () => first.codes().includes(1019))
  await until('frames of the second', () => second.told.room.some(({ code }) => code === 'PUBLISH_LIVE'))
  expect(second.codes()).not.toContain(1019)
})

test('an old app that requests a roomsig for the host of another cloud reaches this server', async () => {
  const roomId = 12
  const { userSig } = signed('old')
  const query = `sdkappid=${String(sdkAppId)}&identifier=old&usersig=${userSig}&random=9999&contenttype=json`
  const answer = await fetch(`${room.server.http}/v4/openim/jsonvideoapp?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ReqHead: { Cmd: 1, SeqNo: 1, BusType: 7, GroupId: roomId },
      ReqBody: { PrivMapEncrypt: '', TerminalType: 1, FromType: 3, SdkVersion: 26280566 },
    }),
  })
  const { RspHead, RspBody } = (await answer.json()) as { RspHead: { ErrorCode: number }; RspBody: object }
  expect(RspHead.ErrorCode).toBe(0)
  const roomSig = encodeURIComponent(JSON.stringify(RspBody))
  const url = `room://cloud.tencent.com?sdkappid=${String(sdkAppId)}&roomid=${String(roomId)}&userid=old&roomsig=${roomSig}`
  await room.open('old', { server: url, roomId })
  const other = await room.open('other', { roomId, ...signed('other') })
  await other.untilPlays('old', 5)
})
