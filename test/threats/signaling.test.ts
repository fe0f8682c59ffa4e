import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'
import { startServer, until, WITH_KEY, type TestServer } from '../harness/index.js'
import { cpuOf, openFiles, openRaw, rssOf } from './attack.js'

let server: TestServer
let withSecret: TestServer

beforeAll(async () => {
  const args = ['--secret', 'of the test']
  ;[server, withSecret] = await Promise.all([startServer(), startServer({ args })])
})
afterAll(() => Promise.all([server.stop(), withSecret.stop()]))

/** A stranger or a member, and what became of its socket. */
interface Attacker {
  readonly socket: WebSocket
  readonly answers: string[]
  closeCode: number | undefined
  closedAfterMs: number | undefined
}

/** Resolves when the socket is open; rejects with the HTTP status when it is refused. */
async function open(at: TestServer = server, options: ClientOptions = {}): Promise<Attacker> {
  const socket = new WebSocket(`${at.ws}/signal`, options)
  const from = performance.now()
  const attacker: Attacker = { socket, answers: [], closeCode: undefined, closedAfterMs: undefined }
  socket.on('message', (data: Buffer) => attacker.answers.push(data.toString()))
  socket.on('close', (code) => {
    attacker.closeCode = code
    attacker.closedAfterMs = performance.now() - from
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => resolve())
    socket.on('error', () => reject(new Error('refused')))
    socket.on('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))))
  })
  return attacker
}

let users = 0
async function enter(): Promise<Attacker> {
  const member = await open()
  const client = { kind: 'other', version: '1' }
  const params = { protocol: 1, roomId: 'threat', userId: `user${String(users++)}`, client }
  member.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'room.enter', params }))
  await until('the entry', () => member.answers.find((answer) => answer.includes('sessionId')))
  return member
}

/** CPU time in milliseconds that the server spent on something; unlike waiting times it does not tell of other programs. */
async function costOf(attack: Promise<unknown>): Promise<number> {
  const before = cpuOf(server)
  await attack
  return cpuOf(server) - before
}

const closed = (attacker: Attacker): Promise<number> =>
  until('the socket to be closed', () => attacker.closeCode, { timeoutMs: 15_000 })

test('H3: a client that sends too much before entering is closed with 1009', async () => {
  const before = rssOf(server)
  const attackers = await Promise.all(Array.from({ length: 30 }, () => open()))
  for (const { socket } of attackers) {
    socket.on('error', () => undefined)
    socket.send('x'.repeat(150_000))
  }
  for (const attacker of attackers) expect([1009, 1006]).toContain(await closed(attacker))
  expect(rssOf(server) - before).toBeLessThan(32)
})

test('H3: a frame of 100 MiB is refused by its header, before and after entering', async () => {
  const attackers = [await open(), await enter()]
  for (const { socket } of attackers) {
    // FIN and text, masked, a length of 64 bits: 100 MiB are announced, a kilobyte comes.
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 1, 2, 3, 4])
    ;(socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(
      Buffer.concat([header, Buffer.alloc(1024)]),
    )
  }
  for (const attacker of attackers) expect(await closed(attacker)).toBe(1009)
})

test('H3: a message in 100 000 fragments closes the socket before it is complete', async () => {
  const attacker = await enter()
  attacker.socket.on('error', () => undefined)
  const flood = async (): Promise<void> => {
    for (let i = 0; i < 100_000 && attacker.closeCode === undefined; i++) {
      attacker.socket.send('x', { fin: false }, () => undefined)
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await closed(attacker)
  }
  expect(await costOf(flood())).toBeLessThan(300)
  expect(attacker.closeCode).not.toBe(1000)
})

test('H3: 64 KiB of brackets cost almost nothing and get an error', async () => {
  const attacker = await enter()
  const before = attacker.answers.length
  const flood = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) attacker.socket.send('['.repeat(65_536))
    await until('twenty answers', () => attacker.answers.length >= before + 20)
  }
  // Twenty times 28 ms without a look at the depth first.
  expect(await costOf(flood())).toBeLessThan(200)
  for (const answer of attacker.answers.slice(before)) expect(answer).toMatch(/"code":"(TOO_LARGE|BAD_JSON)"/)
  attacker.socket.terminate()
})

test.each<[string, (attacker: Attacker) => void]>([
  ['messages', ({ socket }) => socket.send('{"jsonrpc":"2.0","id":1,"method":"room.ping"}')],
  ['pings', ({ socket }) => socket.ping()],
  ['nonsense', ({ socket }) => socket.send('x')],
])('H3: more than fifty %s at once close the socket with 1008', async (_name, send) => {
  const attacker = await enter()
  attacker.socket.on('error', () => undefined)
  for (let i = 0; i < 80; i++) send(attacker)
  expect(await closed(attacker)).toBe(1008)
  expect(attacker.answers.length).toBeLessThan(60)
})

test('H3: compression is not negotiated, and binary messages are refused', async () => {
  const attacker = await open(server, { perMessageDeflate: true })
  expect(attacker.socket.extensions).toBe('')
  attacker.socket.send(Buffer.from('{}'))
  expect(await closed(attacker)).toBe(1009)
})

test('H3: a socket that does not enter within ten seconds is closed', async () => {
  const attacker = await open()
  expect(await closed(attacker)).toBe(1008)
  expect(attacker.closedAfterMs).toBeGreaterThan(9000)
  expect(attacker.closedAfterMs).toBeLessThan(12_500)
})

test.each<[string, Record<string, string>, boolean, boolean]>([
  ['no page', {}, true, true],
  ['a Mini Program', { origin: 'https://servicewechat.com' }, true, true],
  ['a page on this machine', { origin: 'http://localhost:5173' }, true, true],
  ['a page by address', { origin: 'http://127.0.0.1:3000' }, true, true],
  ['its own page by address', { origin: 'http://192.168.1.5:8080', host: '192.168.1.5:8080' }, true, true],
  ['its own page by a name of the network', { origin: 'http://box.local:8080', host: 'box.local:8080' }, true, true],
  ['its own page', { origin: 'https://call.example', host: 'call.example' }, false, true],
  ['a page of somebody else', { origin: 'https://evil.example' }, false, false],
  ['a page without an origin', { origin: 'null' }, false, false],
  ['a name that only looks local', { origin: 'http://localhost.evil.example' }, false, false],
  ['a name that only looks like an address', { origin: 'http://127.evil.example' }, false, false],
  ['a name that was made to lead here', { host: 'evil.example' }, false, true],
  ['a Mini Program that only looks like one', { origin: 'https://servicewechat.com.evil.example' }, false, false],
  ['a file', { origin: 'file://' }, false, false],
  ['an extension', { origin: 'chrome-extension://abc' }, false, false],
])('H4: %s opens signaling, or is refused with 403', async (_name, headers, inOpenMode, signed) => {
  const answer = (at: TestServer) =>
    open(at, { headers }).then(
      ({ socket }) => {
        socket.terminate()
        return true
      },
      (error: Error) => {
        expect(error.message).toBe('403')
        return false
      },
    )
  expect([await answer(server), await answer(withSecret)]).toEqual([inOpenMode, signed])
})

test('H4: a refused socket is closed, whatever its client does', async () => {
  const before = openFiles(server)
  const foreign =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n'
  const request = `GET /signal HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${foreign}\r\n`
  // Half of each connection stays open on purpose.
  const sockets = Array.from({ length: 50 }, () => openRaw(server.ports['http']!, request))
  for (const { socket } of sockets) socket.removeAllListeners('end').on('end', () => undefined)
  await until('all refusals', () => sockets.every(({ received }) => received.toString().startsWith('HTTP/1.1 403')))
  await until('the server to have let go', () => openFiles(server) <= before + 5)
})

test('H4: forms, foreign pages and script tags can neither change nor read anything', async () => {
  const form = { ...WITH_KEY, 'content-type': 'application/x-www-form-urlencoded' }
  const posted = await fetch(`${server.http}/api/v1/rooms/1/members/a/mute`, {
    method: 'POST',
    body: 'a=b',
    headers: form,
  })
  expect(posted.status).toBe(415)
  const text = { 'content-type': 'text/plain' }
  const token = await fetch(`${server.http}/api/v1/demo/token`, { method: 'POST', body: '{}', headers: text })
  expect(token.status).toBe(400)
  const foreign = await fetch(`${server.http}/api/v1/rooms`, { headers: { 'sec-fetch-site': 'cross-site' } })
  expect(foreign.status).toBe(401)
  const jsonp = await fetch(`${server.http}/api/v1/rooms?callback=steal`)
  expect(await jsonp.text()).not.toContain('steal')
  expect(jsonp.headers.get('access-control-allow-origin')).toBeNull()
})

/** Sends requests one behind the other and answers the codes they were refused with. */
async function refusals(attacker: Attacker, requests: readonly object[]): Promise<string[]> {
  for (const [id, request] of requests.entries())
    attacker.socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...request }))
  await until('all answers', () => attacker.answers.length >= requests.length)
  return attacker.answers.map((answer) => (JSON.parse(answer) as { error: { data: { code: string } } }).error.data.code)
}

test('S3: an address that enters too often is told to wait, while others enter', async () => {
  const proxied = await startServer({ args: ['--trust-proxy', '127.0.0.1', '--entries-per-second', '20'] })
  try {
    const from = (address: string) => open(proxied, { headers: { 'x-forwarded-for': address } })
    const resume = { method: 'room.resume', params: { resumeToken: 'guessed' } }
    const flood = await Promise.all([from('10.9.9.9'), from('10.9.9.9')])
    const codes = await Promise.all(flood.map((attacker) => refusals(attacker, Array(45).fill(resume) as object[])))
    const refused = codes.flat().filter((code) => code === 'TOO_MANY_REQUESTS')
    expect(refused.length).toBeGreaterThan(30)
    expect(await refusals(await from('10.9.9.10'), [resume])).toEqual(['RESUME_FAILED'])
  } finally {
    await proxied.stop()
  }
})

test('H10: the eleventh wrong signature of an address is refused late, without verification', async () => {
  const attacker = await open(withSecret)
  const client = { kind: 'other', version: '1' }
  const params = { protocol: 1, roomId: 1, userId: 'alice', client, userSig: 'guess' }
  for (let i = 1; i <= 10; i++) {
    attacker.socket.send(JSON.stringify({ jsonrpc: '2.0', id: i, method: 'room.enter', params }))
    await until('the answer', () => attacker.answers.length === i)
  }
  expect(attacker.answers.every((answer) => answer.includes('USER_SIG_INVALID'))).toBe(true)
  const from = performance.now()
  attacker.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 11, method: 'room.enter', params }))
  await until('the last answer', () => attacker.answers.length === 11)
  expect(attacker.answers[10]).toContain('TOO_MANY_FAILURES')
  expect(performance.now() - from).toBeGreaterThan(1900)
})
