import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startServer, until, type TestServer } from '../harness/index.js'

const SECRET = 'a secret of thirty-two characters'
let open: TestServer
let demo: TestServer
let signed: TestServer

beforeAll(async () => {
  ;[open, demo, signed] = await Promise.all([
    startServer(),
    startServer({ args: ['--demo', '--allow-origin', 'https://friend.example'] }),
    startServer({ args: ['--secret', SECRET, '--publish', 'open', '--allow-origin', 'https://friend.example'] }),
  ])
})
afterAll(() => Promise.all([open.stop(), demo.stop(), signed.stop()]))

/** Every door of media, entry and REST, by what asks for it. */
const DOORS: readonly [string, string][] = [
  ['POST', '/whip/live/x'],
  ['POST', '/whip/push/42'],
  ['POST', '/whep/live/x'],
  ['DELETE', '/whip/live/x/session'],
  ['GET', '/live/x.flv'],
  ['GET', '/api/v1/streams'],
  ['POST', '/weapp/webrtc_room/get_login_info'],
]

function statusOf(server: TestServer, method: string, path: string, headers: object): Promise<number> {
  const type = path.startsWith('/wh') ? 'application/sdp' : 'application/json'
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.ports['http'], method, path }
    const asked = request({ ...options, headers: { 'content-type': type, ...headers } }, (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    asked.once('error', reject).end(method === 'POST' ? '{}' : undefined)
  })
}

/** Whether a WebSocket opens. */
function opens(server: TestServer, path: string, headers: Record<string, string>): Promise<boolean> {
  const socket = new WebSocket(`${server.ws}${path}`, { headers })
  return new Promise((resolve) => {
    socket.once('open', () => {
      socket.terminate()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

const FOREIGN: readonly [string, Record<string, string>][] = [
  ['a page of somebody else', { origin: 'https://evil.example' }],
  ['a page without an origin', { origin: 'null' }],
  ['a name that was made to lead here', { host: 'evil.example:8080', origin: 'http://evil.example:8080' }],
  ['a name that was made to lead here, of which no origin is told', { host: 'evil.example' }],
  ['a name that looks like an address', { host: '127.evil.example' }],
]

test.each(FOREIGN)('open mode and the demo refuse %s everywhere', async (_name, headers) => {
  for (const server of [open, demo]) {
    for (const [method, path] of DOORS)
      expect([method, path, await statusOf(server, method, path, headers)]).toEqual([method, path, 403])
    for (const path of ['/signal', '/live/x.flv'])
      expect([path, await opens(server, path, headers)]).toEqual([path, false])
  }
})

test.each<[string, Record<string, string>]>([
  ['a program', {}],
  ['a page of this machine', { origin: 'http://localhost:5173' }],
  ['the own page by a name of the network', { host: 'box.local', origin: 'http://box.local' }],
  ['a page that is allowed', { origin: 'https://friend.example' }],
])('in the demo %s is served', async (_name, headers) => {
  for (const [method, path] of DOORS) expect(await statusOf(demo, method, path, headers)).not.toBe(403)
  for (const path of ['/signal', '/live/x.flv']) expect(await opens(demo, path, headers)).toBe(true)
})

test('any page may try the demo: it can request and read a signature', async () => {
  const headers = { origin: 'https://somebody.example', 'content-type': 'application/json' }
  const ask = (server: TestServer) =>
    fetch(`${server.http}/api/v1/demo/token`, { method: 'POST', headers, body: '{"userId":"a","roomId":"1"}' })
  const answer = await ask(demo)
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
  expect((await ask(open)).status).toBe(403)
})

test('with a secret, WebSocket-FLV checks the origin as signaling does', async () => {
  expect(await opens(signed, '/live/x.flv', { origin: 'https://evil.example' })).toBe(false)
  expect(await opens(signed, '/live/x.flv', { origin: 'http://localhost:5173' })).toBe(true)
})

test('with a secret and open publishing, foreign pages cannot publish', async () => {
  const status = (origin: string) => statusOf(signed, 'POST', '/whip/live/x', { origin })
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example'])
    expect(await status(origin)).toBe(403)
  expect(await statusOf(signed, 'DELETE', '/whip/live/x/session', { origin: 'https://evil.example' })).toBe(403)
  for (const origin of ['https://friend.example', 'http://localhost:5173', signed.http])
    expect(await status(origin)).toBe(400)
  expect(await statusOf(signed, 'POST', '/whip/live/x', {})).toBe(400)
})

test('the secret can change at run time: after SIGHUP the new and the previous one are valid', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-keys-'))
  const file = join(folder, 'api-key')
  const [first, second] = ['first-key-of-this-test-32-bytes-long', 'second-key-of-this-test-32-bytes-long']
  writeFileSync(file, `${first}\n`, { mode: 0o600 })
  const server = await startServer({ args: ['--api-key-file', file], env: { CROSSROOM_API_KEY: '' } })
  const takes = async (key: string): Promise<boolean> =>
    (await fetch(`${server.http}/api/v1/rooms`, { headers: { authorization: `Bearer ${key}` } })).ok
  const renew = async (text: string, said: string): Promise<void> => {
    writeFileSync(file, text)
    const before = server.log().length
    server.process.child.kill('SIGHUP')
    await until(said, () => server.log().slice(before).includes(said))
  }
  expect([await takes(first), await takes(second)]).toEqual([true, false])
  await renew(`${second}\n${first}\n`, 'The secrets were reloaded')
  expect([await takes(first), await takes(second)]).toEqual([true, true])
  await renew(`${second}\n`, 'The secrets were reloaded')
  expect([await takes(first), await takes(second)]).toEqual([false, true])
  chmodSync(file, 0o644)
  await renew('a key that everybody reads, not taken\n', 'The new secrets are not used')
  expect(await takes(second)).toBe(true)
  await server.stop()
  rmSync(folder, { recursive: true })
})
