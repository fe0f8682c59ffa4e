import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { generate } from 'selfsigned'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makePrivateMapKey, makeTicket } from '../auth/index.js'
import { startServer, type RunningServer } from '../app.js'
import { loadConfig } from '../config/index.js'
import { protocols } from '../endpoints/index.js'
import { Metrics, silentLog } from '../observe/index.js'
import { Client, type Answer } from '../signaling/signaling.fake.js'

let server: RunningServer

async function start(flags: Record<string, unknown> = {}): Promise<void> {
  const ports = { rtmpPort: 0, httpPort: 0, rtcPort: 0, host: '127.0.0.1' }
  const config = loadConfig({ flags: { ...ports, ...flags }, environment: {} }, protocols)
  server = await startServer(config, { log: silentLog, metrics: new Metrics() })
}

afterEach(() => server.close())

async function connect(): Promise<Client> {
  const client = new Client(new WebSocket(`ws://127.0.0.1:${String(server.ports['http'])}/signal`))
  await client.opened
  return client
}

const methods = (client: Client) => client.notifications.map((notification) => notification.method)

test('two people enter a room, see each other, talk, and one leaves', async () => {
  await start()
  const [alice, bob] = [await connect(), await connect()]
  expect((await alice.enter()).result).toMatchObject({ self: { userId: 'alice', role: 'owner' }, userList: [] })
  const { result } = await bob.enter({ userId: 'bob', userName: 'Bob' })
  expect(result).toMatchObject({ self: { userId: 'bob', role: 'anchor' }, userList: [{ userId: 'alice' }] })
  await expect.poll(() => methods(alice)).toEqual(expect.arrayContaining(['room.userEnter', 'room.userList']))
  const sent = await bob.ask('message.send', { to: null, kind: 'text', data: 'hello' })
  expect(sent.result).toMatchObject({ messageId: expect.any(String) as string })
  await expect.poll(() => methods(alice)).toContain('message.received')
  expect((await bob.ask('room.kick', { userId: 'alice' })).error).toMatchObject({ data: { code: 'ROLE_FORBIDDEN' } })
  await bob.ask('room.leave')
  await expect.poll(() => methods(alice)).toContain('room.userExit')
})

test('with a secret every entry needs a signature, and a privateMapKey limits its permissions', async () => {
  await start({ secret: 's', sdkAppId: 7 })
  const client = await connect()
  expect((await client.enter()).error).toMatchObject({ data: { code: 'USER_SIG_MISSING' } })
  const issuedAtSeconds = Math.floor(Date.now() / 1000)
  const userSig = makeTicket('s', { userId: 'alice', sdkAppId: 7, issuedAtSeconds, expireSeconds: 600 })
  const record = {
    userId: 'alice',
    sdkAppId: 7,
    room: 42,
    expiresAtSeconds: issuedAtSeconds + 300,
    privileges: 0b101011,
  }
  const privateMapKey = makePrivateMapKey('s', record, issuedAtSeconds)
  const answer = await client.enter({ sdkAppId: 7, userSig, privateMapKey })
  expect(answer.result).toMatchObject({ self: { role: 'audience' }, expiresAt: (issuedAtSeconds + 300) * 1000 })
  expect((await client.ask('room.switchRole', { role: 'anchor' })).error).toMatchObject({
    data: { code: 'NO_PERMISSION' },
  })
})

test('a token for one entry is used up by an entry, and not by a refused one', async () => {
  const jwtSecret = 'a secret of thirty-two characters'
  await start({ jwtSecret })
  const exp = Math.floor(Date.now() / 1000) + 60
  const claims = { sub: 'alice', room: 42, exp, jti: 'one', once: true, permissions: { canPublish: false } }
  const userSig = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(jwtSecret))
  const client = await connect()
  const refused = await client.enter({ userSig, role: 'anchor' })
  expect(refused.error).toMatchObject({ data: { code: 'NO_PERMISSION' } })
  expect((await client.enter({ userSig, role: 'audience' })).error).toBeUndefined()
  expect((await (await connect()).enter({ userSig })).error).toMatchObject({ data: { code: 'TOKEN_REPLAYED' } })
})

test('a client that lost its socket returns as the same member', async () => {
  await start()
  const [alice, bob] = [await connect(), await connect()]
  await alice.enter()
  const { result } = await bob.enter({ userId: 'bob' })
  bob.socket.terminate()
  const again = await connect()
  const resumed = await again.ask('room.resume', { resumeToken: result!['resumeToken'] })
  expect(resumed.result).toMatchObject({ sessionId: result!['sessionId'], self: { userId: 'bob' } })
  expect(methods(alice)).not.toContain('room.userExit')
})

test('clients over TLS get RTMPS, except phones, and a member that resumes under another host name gets that name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crossroom-'))
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }])
  const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await Promise.all([writeFile(tlsCert, cert), writeFile(tlsKey, key)])
  await start({ tlsCert, tlsKey, httpsPort: 0, rtmpsPort: 0 })
  const { rtmp, rtmps, http, https } = server.ports
  const by = async (url: string, host?: string) => {
    const headers = host === undefined ? {} : { host }
    const client = new Client(new WebSocket(url, { rejectUnauthorized: false, headers }))
    await client.opened
    return client
  }
  const secure = `wss://127.0.0.1:${String(https)}/signal`
  const pushOf = ({ result }: Answer) => (result!['push'] as { rtmp: string }).rtmp
  const other = { kind: 'other', version: '1' } as const
  const phone = { kind: 'miniprogram', version: '1' } as const
  const program = await by(secure)
  const entered = await program.enter({ client: other })
  expect(pushOf(entered)).toMatch(`rtmps://127.0.0.1:${String(rtmps)}/r/`)
  const { result } = await (await by(secure)).enter({ userId: 'phone', client: phone })
  expect(JSON.stringify(result)).not.toContain('rtmps:')
  expect(JSON.stringify(result)).toContain(`rtmp://127.0.0.1:${String(rtmp)}/r/`)
  program.socket.terminate()
  const again = await by(`ws://127.0.0.1:${String(http)}/signal`, 'lan.local')
  const resumed = await again.ask('room.resume', { resumeToken: entered.result!['resumeToken'] })
  const [, token] = pushOf(entered).split('/r/')
  expect(pushOf(resumed)).toBe(`rtmp://lan.local:${String(rtmp)}/r/${token!}`)
})

test('a self-signed certificate is nothing that an encoder trusts: addresses stay RTMP', async () => {
  await start({ tls: 'self-signed', httpsPort: 0, rtmpsPort: 0 })
  const url = `wss://127.0.0.1:${String(server.ports['https'])}/signal`
  const client = new Client(new WebSocket(url, { rejectUnauthorized: false }))
  await client.opened
  const { result } = await client.enter({ client: { kind: 'other', version: '1' } })
  expect((result!['push'] as { rtmp: string }).rtmp).toMatch(/^rtmp:/)
})

test('a server that goes down tells its members when to come back', async () => {
  await start()
  const alice = await connect()
  await alice.enter()
  await server.drain()
  expect(await alice.closed).toEqual([1001, 'drain'])
  expect(alice.notifications.at(-1)).toMatchObject({
    ...{ method: 'room.closed', params: { reason: 'drain', retryAfterMs: expect.any(Number) as number } },
  })
})
