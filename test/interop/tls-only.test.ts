import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  playRtmp,
  publishRtmp,
  run,
  start,
  startServer,
  TEST_API_KEY,
  until,
  type TestServer,
} from '../harness/index.js'
import { clipParts } from '../threats/clip.js'

/** A server without plain ports, and what is said of it by itself and by the commands beside it. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COMMAND = `${ROOT}packages/server/bin/crossroom.js`
const SECRET = '0123456789abcdef0123456789abcdef'
const CLOSED = ['--rtmp-port', 'off', '--http-port', 'off', '--tls', 'self-signed']
const PICTURES = '-re -f lavfi -i testsrc2=size=160x90:rate=10 -c:v libx264 -g 10 -pix_fmt yuv420p -f flv'.split(' ')

let server: TestServer
/** What tells a command which server is meant. */
let same: string[]

beforeAll(async () => {
  server = await startServer({ args: ['--secret', SECRET, ...CLOSED, '--https-port', '0', '--rtmps-port', '0'] })
  const { https, rtmps, rtc } = server.ports
  same = ['--host', '127.0.0.1', ...CLOSED, '--https-port', String(https), '--rtmps-port', String(rtmps)]
  same.push('--secret', SECRET, '--api-key', TEST_API_KEY)
  expect(rtc).toBeGreaterThan(0)
})
afterAll(() => server.stop())

const command = (...args: string[]) => run(process.execPath, [COMMAND, ...args])

/** Asks by HTTPS, whoever made the certificate. */
function ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${TEST_API_KEY}`, 'content-type': 'application/json' }
  const options = { port: server.ports['https'], host: '127.0.0.1', rejectUnauthorized: false, headers, method, path }
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}

test('the start-up line for programs names no plain port', () => {
  expect(Object.keys(server.ports).sort()).toEqual(['https', 'rtc', 'rtmps'])
})

test('the start-up lines for people name only secure addresses', async () => {
  const ports = ['--https-port', '0', '--rtmps-port', '0', '--rtc-port', '0']
  const other = start(process.execPath, [COMMAND, 'serve', '--secret', SECRET, '--host', '127.0.0.1', '--drain-notice', '0', ...CLOSED, ...ports]) // prettier-ignore
  const said = await until('the addresses', () => other.output().includes('Plain streams:') && other.output())
  await other.stop()
  expect(said).toMatch(/publish +rtmps:\/\/localhost:\d+\/live\/STREAM/)
  expect(said).toMatch(/play +https:\/\/localhost:\d+\/live\/STREAM\.flv +\(HTTP-FLV; wss:\/\/ for WebSocket-FLV\)/)
  expect(said).toMatch(/rooms +rtmps:\S+ +\(encoders\) +wss:\/\/localhost:\d+\/signal/)
  expect(said).toMatch(/REST +https:\/\//)
  expect(said).not.toMatch(/^ +TLS /m)
  expect(said).not.toMatch(/\b(http|rtmp|ws):\/\/|undefined|off\b/)
})

test('token prints working addresses, and asks the server by HTTPS', async () => {
  const token = async (kind: string) => (await command('token', '--user', 'obs', '--room', '42', kind, ...same)).stdout
  const { https, rtmps } = server.ports
  const push = (await token('--push')).trim()
  expect(push).toContain(`rtmps://localhost:${String(rtmps)}/push/42?`)
  const encoder = start('ffmpeg', [...PICTURES, push])
  const isSent = async () => (await ask('GET', '/api/v1/rooms/42/members')).text.includes('"hasVideo":true')
  await until('the encoder in the room', isSent, { explain: encoder.output })
  const all = JSON.parse(await token('--json')) as Record<string, string>
  await encoder.stop()
  expect(all['link']).toContain(`https://localhost:${String(https)}/call?room=42`)
  expect(all['push']).toContain(`rtmps://localhost:${String(rtmps)}/push/42?`)
  expect(all['play']).toMatch(new RegExp(`^https://localhost:${String(https)}/r/[\\w-]+\\.flv$`))
})

test('a plain stream is published and played by RTMPS at the addresses of its tokens', async () => {
  const token = async (...action: string[]) => {
    const { stdout } = await command('token', '--stream', 'live/a', '--json', ...action, ...same)
    return JSON.parse(stdout) as { rtmp: string; http: string }
  }
  const [publish, play] = await Promise.all([token('--publish'), token('--play')])
  expect(publish.http).toMatch(/^https:\/\//)
  const publisher = await publishRtmp(publish.rtmp)
  publisher.send((await clipParts()).tags)
  const player = await playRtmp(play.rtmp)
  publisher.end()
  player.end()
})

test('REST and signaling hand out secure addresses', async () => {
  const { rtmps } = server.ports
  const page = await ask('GET', '/api/v1/page')
  expect(page.text).not.toMatch(/"(http|rtmp):\/\//)
  const token = await ask('POST', '/api/v1/tokens', { stream: 'live/b', action: 'publish' })
  expect([token.status, token.text]).toEqual([201, expect.stringContaining(`rtmps://127.0.0.1:${String(rtmps)}/`)])
  expect(token.text).not.toMatch(/"(http|rtmp|ws):\/\//)
})

test('doctor recognises the running server by its HTTPS port', async () => {
  const found = await command('doctor', '--rtc-port', String(server.ports['rtc']), ...same)
  expect([found.code, found.stdout.match(/in use by the Crossroom that runs here/g)?.length]).toEqual([0, 4])
  expect(found.stdout).not.toMatch(/^\w+ +(http|rtmp) port/m)
})

test("the image's health check uses the existing port", async () => {
  expect(readFileSync(`${ROOT}deploy/Dockerfile`, 'utf8')).toContain('CMD ["node", "healthcheck.mjs"]')
  const health = (env: NodeJS.ProcessEnv): Promise<number> =>
    start(process.execPath, [`${ROOT}deploy/healthcheck.mjs`], { env }).exited
  const plain = await startServer()
  const codes = await Promise.all([
    health({ CROSSROOM_HTTP_PORT: 'off', CROSSROOM_HTTPS_PORT: String(server.ports['https']) }),
    health({ CROSSROOM_HTTP_PORT: 'off', CROSSROOM_HTTPS_PORT: String(server.ports['rtmps']) }),
    health({ CROSSROOM_HOST: '0.0.0.0', CROSSROOM_HTTP_PORT: String(plain.ports['http']) }),
    health({ CROSSROOM_HTTP_PORT: String(plain.ports['rtmp']) }),
  ])
  await plain.stop()
  expect(codes).toEqual([0, 1, 0, 1])
})
