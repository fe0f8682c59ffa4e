import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, TEST_API_KEY, until, WITH_KEY, type TestServer } from '../harness/index.js'
import { openRaw } from './attack.js'
import { startNginx, type Nginx } from './nginx.js'

const SECRET = 'a secret of thirty-two characters'
const FOLDER = mkdtempSync(join(tmpdir(), 'crossroom-rest-'))
const SOCKET = join(FOLDER, 'admin.sock')

/** What an owner is made with, what tells of people, what ends things, and the figures. */
const DOORS: readonly [string, string, object?][] = [
  ['POST', '/api/v1/rooms/42/tokens', { userId: 'owner' }],
  ['POST', '/api/v1/tokens', { stream: 'live/x', action: 'publish' }],
  ['GET', '/api/v1/rooms'],
  ['GET', '/api/v1/streams'],
  ['GET', '/api/v1/connections'],
  ['DELETE', '/api/v1/rooms/42'],
  ['POST', '/api/v1/forwards', { stream: 'live/x', url: 'rtmp://8.8.8.8/a/b' }],
  ['GET', '/metrics'],
]

let signed: TestServer
let open: TestServer
let demo: TestServer
let nginx: Nginx

beforeAll(async () => {
  const secret = ['--secret', SECRET, '--trust-proxy', '127.0.0.1,::1']
  const kept = { CROSSROOM_API_KEY: '', XDG_STATE_HOME: FOLDER }
  ;[signed, open, demo] = await Promise.all([
    startServer({ args: [...secret, '--admin-socket', SOCKET] }),
    startServer({ env: kept }),
    startServer({ args: ['--demo'], env: kept }),
  ])
  nginx = await startNginx(signed.http)
})
afterAll(async () => {
  await Promise.all([nginx.stop(), signed.stop(), open.stop(), demo.stop()])
  rmSync(FOLDER, { recursive: true })
})

async function statuses(origin: string, headers: Record<string, string> = {}): Promise<number[]> {
  const asked = DOORS.map(async ([method, path, body]) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const init = { method, headers: { ...json, ...headers }, ...(body && { body: JSON.stringify(body) }) }
    return (await fetch(`${origin}${path}`, init)).status
  })
  return Promise.all(asked)
}

const nothing = DOORS.map(() => 401)

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['X-Real-IP', { 'x-real-ip': '127.0.0.1' }],
  ['X-Forwarded-For', { 'x-forwarded-for': '127.0.0.1' }],
  ['Forwarded', { forwarded: 'for=127.0.0.1;host=localhost' }],
  ['a Host of this machine', { host: 'localhost' }],
  ['Via', { via: '1.1 local' }],
  ['the page of the server', { 'sec-fetch-site': 'same-origin' }],
  ['an empty key', { authorization: 'Bearer ' }],
])('REST is closed to %s, straight from loopback and by a plain proxy', async (_name, headers) => {
  expect(await statuses(signed.http, headers)).toEqual(nothing)
  expect(await statuses(nginx.origin, headers)).toEqual(nothing)
})

test('both ways to send the key open REST', async () => {
  for (const origin of [signed.http, nginx.origin]) expect(await statuses(origin, WITH_KEY)).not.toContain(401)
})

test.each([
  ['open mode', () => open],
  ['the demo', () => demo],
])('in %s the pages are told of plain streams, and nothing else of REST is open', async (_name, server) => {
  const expected = DOORS.map(([method, path]) => (`${method} ${path}` === 'GET /api/v1/streams' ? 200 : 401))
  expect(await statuses(server().http)).toEqual(expected)
  for (const path of ['/healthz', '/readyz', '/api/v1/openapi.json', '/monitor', '/live'])
    expect((await fetch(`${server().http}${path}`)).status).toBe(200)
})

test('without a configured key one is generated once, readable only by this user, and its path is printed', async () => {
  const path = join(FOLDER, 'crossroom', 'api-key')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  for (const { log } of [open, demo]) expect(log()).toContain(JSON.stringify(path))
  const headers = { authorization: `Bearer ${readFileSync(path, 'utf8').trim()}` }
  for (const { http } of [open, demo]) expect((await fetch(`${http}/api/v1/rooms`, { headers })).status).toBe(200)
})

test('more than 64 headers get 431 and end the connection, so that none is dropped silently', async () => {
  const ask = async (port: number, more: string, count: number): Promise<string> => {
    const dummies = Array.from({ length: count }, (_, i) => `x-${String(i)}: y\r\n`).join('')
    const raw = openRaw(port, `GET /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\n${dummies}${more}\r\n`)
    await until('an answer', () => raw.received.includes('\r\n\r\n'))
    const status = raw.received.toString().split(' ')[1]!
    if (status === '431') await until('the end', () => raw.closedAfterMs !== undefined)
    raw.socket.destroy()
    return status
  }
  const port = signed.ports['http']!
  const key = `Authorization: Bearer ${TEST_API_KEY}\r\n`
  expect(await ask(port, key, 62)).toBe('200')
  expect(await ask(port, '', 63)).toBe('401')
  for (const [more, count] of [
    [key, 63],
    ['X-Forwarded-For: 203.0.113.9\r\n', 70],
    ['Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n', 70],
    ['', 700],
  ] as const)
    expect(await ask(port, more, count)).toBe('431')
  expect(await ask(Number(new URL(nginx.origin).port), `${key}Connection: close\r\n`, 70)).toBe('431')
})

test('a separate admin port needs no key on loopback, and only there', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address
  const places: [readonly string[], string, boolean][] = [
    [['--admin-host', '127.0.0.1'], '127.0.0.1', true],
    [[], '127.0.0.1', false],
    [['--admin-host', '0.0.0.0'], outside ?? '127.0.0.1', false],
  ]
  for (const [args, host, isKeyless] of places) {
    const server = await startServer({ args: ['--secret', SECRET, '--admin-port', '0', ...args] })
    const origin = `http://${host}:${String(server.ports['admin'])}`
    const found = await statuses(origin)
    expect([args, found.includes(401), found.every((status) => status === 401)]).toEqual([args, !isKeyless, !isKeyless])
    expect(await statuses(origin, WITH_KEY)).not.toContain(401)
    expect((await fetch(`${server.http}/api/v1/rooms`, { headers: WITH_KEY })).status).toBe(404)
    const rebound = await ask({ port: server.ports['admin']!, headers: { host: 'evil.example' } })
    expect(rebound).toBe(isKeyless ? 403 : 401)
    if (host !== '127.0.0.1' || outside === undefined) await server.stop()
    else {
      // Without an address of its own it is not where the other ports are.
      const elsewhere = await fetch(`http://${outside}:${String(server.ports['admin'])}/healthz`).catch(() => undefined)
      expect(elsewhere).toBeUndefined()
      await server.stop()
    }
  }
})

test('a unix socket needs no key, and only the server’s own user can open it', async () => {
  expect(statSync(SOCKET).mode & 0o777).toBe(0o600)
  expect(await ask({ socketPath: SOCKET })).toBe(200)
  expect(await ask({ socketPath: SOCKET, headers: { origin: 'https://evil.example' } })).toBe(403)
})

/** The status of `GET /api/v1/rooms`, with a Host that `fetch` would not let through. */
function ask(options: { port?: number; socketPath?: string; headers?: Record<string, string> }): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', path: '/api/v1/rooms', ...options }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.once('error', reject).end()
  })
}
