import { SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startServer, type RunningServer } from '../app.js'
import { loadConfig } from '../config/index.js'
import { protocols } from '../endpoints/index.js'
import { Metrics, silentLog } from '../observe/index.js'
import { Client } from '../signaling/signaling.fake.js'

const KEY = 'key-of-REST-with-thirty-two-bytes'
let server: RunningServer
let flags: Record<string, unknown>
beforeEach(() => {
  flags = { rtmpPort: 0, httpPort: 0, rtcPort: 0, apiKey: KEY }
})
afterEach(() => server.close())

async function start(more: Record<string, unknown> = {}): Promise<void> {
  const config = loadConfig({ flags: { ...flags, ...more }, environment: {}, demoSecret: () => 'demo' }, protocols)
  server = await startServer(config, { log: silentLog, metrics: new Metrics() })
}

const origin = () => `http://127.0.0.1:${String(server.ports['http'])}`

async function call(method: string, path: string, body?: unknown, key = KEY) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
  }
  const response = await fetch(`${origin()}${path}`, { method, headers, ...json })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function enter(userId: string, more: object = {}): Promise<Client> {
  const client = new Client(new WebSocket(`${origin().replace('http', 'ws')}/signal`))
  await client.opened
  expect((await client.enter({ userId, ...more })).error).toBeUndefined()
  return client
}

test('rooms and their members are listed', async () => {
  await start()
  await enter('alice', { userName: 'Alice' })
  await enter('bob', { role: 'audience' })
  const room = { roomId: '42', ownerId: 'alice', createdAt: expect.any(Number) as number, anchors: 1, audience: 1 }
  expect((await call('GET', '/api/v1/rooms')).body).toEqual({ rooms: [room] })
  expect((await call('GET', '/api/v1/rooms/42')).body).toEqual(room)
  const { members } = (await call('GET', '/api/v1/rooms/42/members')).body
  expect(members).toMatchObject([
    { userId: 'alice', userName: 'Alice', kind: 'browser', role: 'owner', muted: { audio: false, video: false } },
    { userId: 'bob', role: 'audience', streams: [] },
  ])
  expect(await call('GET', '/api/v1/rooms/43')).toMatchObject({
    status: 404,
    body: { error: { code: 'ROOM_NOT_FOUND' } },
  })
  expect(await call('GET', '/api/v1/rooms/a%20b')).toMatchObject({
    status: 400,
    body: { error: { code: 'BAD_REQUEST' } },
  })
})

test('an operator mutes, kicks and disbands', async () => {
  await start()
  const [alice, bob] = [await enter('alice'), await enter('bob')]
  const mute = await call('POST', '/api/v1/rooms/42/members/bob/mute', { kind: 'audio', muted: true })
  expect(mute.body).toMatchObject({ userId: 'bob', muted: { audio: true, video: false } })
  expect(await call('DELETE', '/api/v1/rooms/42/members/bob?banMs=60000')).toEqual({ status: 200, body: { ended: 1 } })
  expect((await bob.closed)[1]).toBe('kicked')
  const again = new Client(new WebSocket(`${origin().replace('http', 'ws')}/signal`))
  await again.opened
  expect((await again.enter({ userId: 'bob' })).error).toMatchObject({ data: { code: 'BANNED' } })
  expect(await call('DELETE', '/api/v1/rooms/42/members/bob')).toMatchObject({ status: 404 })
  expect(await call('DELETE', '/api/v1/rooms/42')).toEqual({ status: 200, body: { ended: 1 } })
  expect((await alice.closed)[1]).toBe('disbanded')
})

test('an address to play a member by can be shared and revoked', async () => {
  await start()
  await enter('alice')
  const path = '/api/v1/rooms/42/play-addresses'
  const made = await call('POST', path, { userId: 'alice', expireSeconds: 60 })
  const { token, play } = made.body as { token: string; play: Record<string, string> }
  expect(made.status).toBe(201)
  expect(token).toMatch(/^[A-Za-z0-9_-]{22}$/)
  expect(play).toMatchObject({ flv: `${origin()}/r/${token}.flv`, whep: `${origin()}/whep/r/${token}` })
  const player = await fetch(play['flv']!)
  expect(player.status).toBe(200)
  expect(await call('DELETE', `${path}/${token}`)).toEqual({ status: 200, body: { ended: 1 } })
  await expect(player.arrayBuffer().then(() => 'ended')).resolves.toBe('ended')
  expect((await fetch(play['flv']!)).status).toBe(404)
  expect((await call('DELETE', `${path}/${token}`)).status).toBe(404)
  expect((await call('POST', path, { userId: 'nobody' })).status).toBe(404)
})

test('an operator signs for a user, with as many permissions as it likes', async () => {
  await start({ demo: true, privateMapKey: 'required' })
  const path = '/api/v1/rooms/42/tokens'
  const { status, body } = await call('POST', path, { userId: 'viewer', permissions: ['createRoom', 'receiveAudio'] })
  expect(status).toBe(201)
  const viewer = new Client(new WebSocket(`${origin().replace('http', 'ws')}/signal`))
  await viewer.opened
  const { sdkAppId, userSig, privateMapKey } = body
  const given = { userId: 'viewer', sdkAppId, userSig, privateMapKey } as object
  expect((await viewer.enter({ ...given, role: 'anchor' })).error).toMatchObject({ data: { code: 'NO_PERMISSION' } })
  expect((await viewer.enter(given)).result).toMatchObject({ self: { role: 'audience' } })
  expect((await call('POST', path, { userId: 'viewer', permissions: ['fly'] })).status).toBe(400)
  await server.close()
  await start()
  expect(await call('POST', path, { userId: 'viewer' })).toMatchObject({
    status: 409,
    body: { error: { code: 'NO_SECRET' } },
  })
})

test('the signaling address opened in a browser explains itself', async () => {
  await start()
  const response = await fetch(`${origin()}/signal`)
  expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
})

test('the routes of rooms are described', async () => {
  await start()
  const { paths } = (await call('GET', '/api/v1/openapi.json')).body as { paths: Record<string, object> }
  const ofRooms = Object.entries(paths).filter(([path]) => path.startsWith('/api/v1/rooms'))
  expect(ofRooms.map(([path, methods]) => `${path.slice(13)} ${Object.keys(methods).join(' ')}`)).toEqual([
    ' get',
    '/{id} get delete',
    '/{id}/members get',
    '/{id}/members/{userId} delete',
    '/{id}/members/{userId}/mute post',
    '/{id}/play-addresses post',
    '/{id}/play-addresses/{token} delete',
    '/{id}/composites post get',
    '/{id}/composites/{composite} patch get delete',
    '/{id}/tokens post',
    '/{id}/members/{userId}/snapshot.jpg get',
    '/{id}/members/{userId}/snapshot.webp get',
  ])
})

test('REST of rooms is for holders of the key', async () => {
  await start()
  expect((await call('GET', '/api/v1/rooms', undefined, '')).status).toBe(401)
  expect((await call('POST', '/api/v1/demo/token', { userId: 'a', roomId: 1 }, '')).status).toBe(200)
})

test('the pages get their credentials: none in open mode, signatures in the demo, and nowhere else', async () => {
  await start()
  expect(await call('POST', '/api/v1/demo/token', { userId: 'alice', roomId: 42 })).toEqual({
    ...{ status: 200, body: { sdkAppId: 1, rtmp: `rtmp://127.0.0.1:${String(server.ports['rtmp'])}` } },
  })
  await server.close()
  await start({ demo: true })
  const { body } = await call('POST', '/api/v1/demo/token', { userId: 'alice', roomId: 42 })
  expect(Object.keys(body)).toEqual(['sdkAppId', 'userSig', 'privateMapKey', 'rtmp'])
  await enter('alice', body)
  expect((await call('POST', '/api/v1/demo/token', { userId: 'a b', roomId: 42 })).status).toBe(400)
  await server.close()
  await start({ secret: 's', host: '127.0.0.1' })
  expect(await call('POST', '/api/v1/demo/token', { userId: 'alice', roomId: 42 })).toMatchObject({
    ...{ status: 404, body: { error: { code: 'NO_DEMO' } } },
  })
})

test('a page of any origin gets a signature in the demo, and nowhere else', async () => {
  const ask = (method: string, body?: string) =>
    fetch(`${origin()}/api/v1/demo/token`, {
      method,
      headers: { origin: 'https://example.org', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    })
  await start()
  expect((await ask('POST', '{"userId":"a","roomId":1}')).headers.has('access-control-allow-origin')).toBe(false)
  expect((await ask('OPTIONS')).headers.has('access-control-allow-origin')).toBe(false)
  await server.close()
  await start({ demo: true })
  const preflight = await ask('OPTIONS')
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'Content-Type'])
  for (const body of ['{"userId":"a","roomId":1}', '{"userId":"a b"}'])
    expect((await ask('POST', body)).headers.get('access-control-allow-origin')).toBe('*')
})

test("an old demo's room service signs people into a room of four", async () => {
  await start({ demo: true })
  const ask = async (name: string, body: object) => (await call('POST', `/weapp/webrtc_room/${name}`, body)).body
  const login = await ask('get_login_info', {})
  expect(login).toMatchObject({ code: 0, sdkAppID: 1, accountType: '0' })
  const userID = login['userID'] as string
  const made = await ask('create_room', { userID, nickName: 'First', roomInfo: 'A room' })
  expect(made).toMatchObject({ code: 0, roomInfo: 'A room', privateMapKey: expect.stringMatching(/^eJ/) as string })
  const roomID = made['roomID'] as number
  await enter(userID, { roomId: roomID, userSig: login['userSig'], privateMapKey: made['privateMapKey'] })
  expect(await ask('get_room_list', { index: 0, count: 10 })).toMatchObject({ rooms: [{ roomID, roomInfo: 'A room' }] })
  for (const user of ['b', 'c', 'd'])
    expect(await ask('enter_room', { userID: user, roomID })).toMatchObject({ code: 0 })
  expect(await ask('enter_room', { userID: 'e', roomID })).toMatchObject({ code: -1, message: 'The room is full.' })
  expect(await ask('heartbeat', { userID: 'b', roomID })).toMatchObject({ code: 0 })
  expect(await ask('quit_room', { userID: 'b', roomID })).toMatchObject({ code: 0 })
  const { members } = await ask('get_room_members', { roomID })
  expect(members).toEqual([
    ...[{ userID, nickName: 'First' }],
    ...[
      { userID: 'c', nickName: '' },
      { userID: 'd', nickName: '' },
    ],
  ])
  expect(await ask('nonsense', {})).toMatchObject({ code: -1 })
})

test('an old component gets a roomsig for a right UserSig, and its own codes for a wrong one', async () => {
  await start({ demo: true })
  const { body: signed } = await call('POST', '/api/v1/demo/token', { userId: 'alice', roomId: 42 })
  const ask = (usersig: unknown, privateMapKey: unknown, room = 42) =>
    call(
      'POST',
      `/v4/openim/jsonvideoapp?sdkappid=1&identifier=alice&usersig=${String(usersig)}&random=5&contenttype=json`,
      {
        ReqHead: { Cmd: 1, SeqNo: 1, BusType: 7, GroupId: room },
        ReqBody: { PrivMapEncrypt: privateMapKey, TerminalType: 1, FromType: 3, SdkVersion: 26280566 },
      },
    )
  const { body } = await ask(signed['userSig'], signed['privateMapKey'])
  expect(body).toMatchObject({
    ErrorCode: 0,
    RspHead: { ErrorCode: 0 },
    RspBody: { sdkAppId: 1, userSig: signed['userSig'], roomId: 42 },
  })
  expect((await ask('wrong', '')).body).toMatchObject({ RspHead: { ErrorCode: 70_003 } })
  expect((await ask(signed['userSig'], 'wrong')).body).toMatchObject({ RspHead: { ErrorCode: 87 } })
  expect((await ask(signed['userSig'], signed['privateMapKey'], 43)).body).toMatchObject({ RspHead: { ErrorCode: 87 } })
  expect((await ask(signed['userSig'], '', -1)).body).toMatchObject({ RspHead: { ErrorCode: 82 } })
})

test('a token for one entry is good for its entry still, after a ticket and a roomsig were asked with it', async () => {
  const jwtSecret = 'a secret of thirty-two characters'
  await start({ jwtSecret })
  const exp = Math.floor(Date.now() / 1000) + 60
  const userSig = await new SignJWT({ sub: 'alice', room: 42, exp, jti: 'one', once: true })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(jwtSecret))
  const body = { ReqHead: { GroupId: 42 }, ReqBody: {} }
  const askRoomSig = () => call('POST', `/v4/openim/jsonvideoapp?identifier=alice&usersig=${userSig}`, body)
  const askTicket = () => call('POST', '/api/v1/desktop/ticket', { roomId: 42, userId: 'alice', userSig })
  expect((await askRoomSig()).body).toMatchObject({ RspBody: { userSig } })
  const { ticket } = (await askTicket()).body
  const { status, body: entry } = await call('POST', '/api/v1/desktop/redeem', { ticket })
  expect([status, entry['userSig']]).toEqual([200, userSig])
  await enter('alice', { roomId: 42, userSig: entry['userSig'] })
  expect(await askTicket()).toMatchObject({ status: 403, body: { error: { code: 'TOKEN_REPLAYED' } } })
  expect((await askRoomSig()).body).toMatchObject({ ErrorCode: 70_003 })
})

test("an old demo's room service answers what is neither text nor number with a code, as everything else", async () => {
  await start()
  const { roomID } = (await call('POST', '/weapp/webrtc_room/create_room', { userID: 'alice' })).body
  const odd = { toString: 1, valueOf: 1 }
  const code = expect.any(Number) as number
  for (const name of ['quit_room', 'heartbeat', 'get_room_members', 'get_room_list', 'enter_room'])
    for (const body of [
      { userID: odd, roomID, index: odd, count: odd },
      { userID: 'alice', roomID: odd },
    ])
      expect(await call('POST', `/weapp/webrtc_room/${name}`, body)).toMatchObject({ status: 200, body: { code } })
})
