import type { OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makeTicket } from '../../packages/server/src/auth/user-sig.js'
import {
  launchChromium,
  publishRtmp,
  startServer,
  until,
  untilStream,
  watchHttpFlv,
  watchWsFlv,
  WITH_KEY,
  type TestServer,
} from '../harness/index.js'
import { openAt, tileOf } from '../interop/pages/caller.js'
import { RoomMember } from '../interop/rooms/room-member.js'
import { openRaw } from './attack.js'
import { clipParts } from './clip.js'
import { freePort, startSampleSite, type Nginx } from './nginx.js'

/** The site of `deploy/nginx.conf`, run by nginx in front of a server that is started as its first lines say. */

const SECRET = 'a secret of thirty-two characters'
let server: TestServer
let nginx: Nginx
let browser: Browser

beforeAll(async () => {
  const port = await freePort()
  const site = ['--trust-proxy', '127.0.0.1', '--public-url', `https://localhost:${String(port)}`]
  server = await startServer({ args: ['--secret', SECRET, ...site, '--public-rtmp-url', 'rtmp://media.example.org'] })
  ;[nginx, browser] = await Promise.all([
    startSampleSite(server.ports['http']!, port),
    launchChromium({ more: ['--ignore-certificate-errors'] }),
  ])
})
afterAll(async () => {
  await Promise.all([browser.close(), nginx.stop(), server.stop()])
})

interface Asked {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  /** One of loopback's addresses: nginx sees the client there. */
  readonly from?: string
  readonly body?: string
}

function ask(
  path: string,
  { from = '127.0.0.2', body, ...more }: Asked = {},
): Promise<{ status: number; text: string }> {
  const options = { rejectUnauthorized: false, localAddress: from, ...more }
  return new Promise((resolve, reject) => {
    const asked = request(`${nginx.origin}${path}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.once('error', reject).end(body)
  })
}

const sigOf = (userId: string): string =>
  makeTicket(SECRET, { userId, sdkAppId: 1, issuedAtSeconds: Math.floor(Date.now() / 1000), expireSeconds: 600 })

test('a user joins a call on the page, and addresses begin with the site’s host name', async () => {
  const { member, found } = await RoomMember.enter(server, { roomId: 'den', userId: 'bob', sdkAppId: 1, userSig: sigOf('bob'), kind: 'miniprogram' }) // prettier-ignore
  expect(found.push!.rtmp).toMatch(/^rtmp:\/\/media\.example\.org\/r\//)
  const site = nginx.origin.replace('127.0.0.1', 'localhost')
  const link = `${site}/call?room=den&name=Ann#sdkappid=1&userid=ann&usersig=${encodeURIComponent(sigOf('ann'))}`
  const { page, complaints } = await openAt(browser, link)
  await page.getByRole('button', { name: 'Join den as Ann' }).click()
  await tileOf(page, 'Ann').waitFor()
  const { streams } = await member.user('ann', (user) => user.streams[0]?.hasVideo === true)
  expect(streams[0]!.play).toMatchObject({
    flv: expect.stringContaining(`${site}/r/`) as string,
    wsFlv: expect.stringContaining(`${site.replace('https', 'wss')}/r/`) as string,
    whep: expect.stringContaining(`${site}/whep/r/`) as string,
  })
  const player = watchHttpFlv(streams[0]!.play.flv)
  await player.frames(20)
  player.close()
  expect(complaints).toEqual([])
  await page.close()
  member.close()
})

test('HTTP-FLV and WebSocket-FLV pass through unbuffered', async () => {
  const parts = await clipParts()
  const token = await ask('/api/v1/tokens', { method: 'POST', headers: { ...WITH_KEY, 'content-type': 'application/json' }, body: '{"stream":"live/x","action":"publish"}' }) // prettier-ignore
  const publisher = await publishRtmp(
    `${server.rtmp}/live/x?token=${(JSON.parse(token.text) as { token: string }).token}`,
  )
  publisher.send(parts.tags)
  await untilStream(server, 'live/x', 'live', 10)
  const viewers = [watchHttpFlv(`${nginx.origin}/live/x.flv`), watchWsFlv(`${nginx.origin.replace('https', 'wss')}/live/x.flv`)] // prettier-ignore
  const before = await Promise.all(viewers.map((viewer) => viewer.frames(20)))
  // One more picture: nothing on the way waits for a buffer to be full.
  publisher.send([{ ...parts.pictures[0]!, timestampMs: 5000 }])
  const sentAt = performance.now()
  await Promise.all(viewers.map((viewer, i) => viewer.frames(Math.max(before[i]!.length, parts.media.length) + 1)))
  expect(performance.now() - sentAt).toBeLessThan(2000)
  for (const viewer of viewers) viewer.close()
  publisher.end()
})

test('signaling accepts pages of the site and refuses those of any other', async () => {
  const opens = (headers: Record<string, string>): Promise<boolean> => {
    const socket = new WebSocket(`${nginx.origin.replace('https', 'wss')}/signal`, { headers, rejectUnauthorized: false }) // prettier-ignore
    return new Promise((resolve) => {
      socket.once('open', () => (socket.terminate(), resolve(true))).once('error', () => resolve(false))
    })
  }
  expect(await opens({ origin: nginx.origin.replace('127.0.0.1', 'localhost') })).toBe(true)
  expect(await opens({})).toBe(true)
  for (const origin of ['https://evil.example', 'null']) expect(await opens({ origin })).toBe(false)
})

const CLAIMS: readonly OutgoingHttpHeaders[] = [
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-for': '203.0.113.1, 127.0.0.1' },
  { 'x-forwarded-for': ['198.51.100.1', '127.0.0.1'] },
  { 'x-real-ip': '127.0.0.1' },
  { forwarded: 'for=127.0.0.1;proto=https;host=localhost' },
  { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'localhost' },
  { host: 'localhost' },
  { connection: 'x-forwarded-for, keep-alive', 'x-forwarded-for': '127.0.0.1' },
]

test('REST through the site requires its key, whatever address or name is claimed, and metrics are denied', async () => {
  for (const headers of [{}, ...CLAIMS])
    expect([headers, (await ask('/api/v1/rooms', { headers, from: '127.0.0.6' })).status]).toEqual([headers, 401])
  expect((await ask('/api/v1/rooms', { headers: WITH_KEY })).status).toBe(200)
  for (const path of ['/metrics', '/metrics?x=1', '//metrics', '/%6detrics', '/x/../metrics'])
    expect([path, (await ask(path, { headers: WITH_KEY })).status]).not.toEqual([path, 200])
})

test('claimed addresses gain nothing: failures count only for the address that nginx saw', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) {
    const claim = CLAIMS[i % CLAIMS.length]!
    const spoofed = i % 2 === 0 ? claim : { 'x-forwarded-for': `203.0.113.${String(i)}` }
    const headers = { ...spoofed, authorization: 'Bearer a-key-that-is-wrong' }
    statuses.push((await ask('/api/v1/rooms', { headers, from: '127.0.0.7' })).status)
  }
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
  const wrong = { authorization: 'Bearer a-key-that-is-wrong' }
  expect((await ask('/api/v1/rooms', { headers: wrong, from: '127.0.0.8' })).status).toBe(401)
  expect((await ask('/api/v1/rooms', { headers: WITH_KEY, from: '127.0.0.8' })).status).toBe(200)
  const lines = server.log().split('\n').filter((line) => line.includes('"WRONG_KEY"')) // prettier-ignore
  const from = lines.map((line) => (JSON.parse(line) as { from: string }).from)
  expect([...new Set(from)].sort()).toEqual(['127.0.0.7', '127.0.0.8'])
})

test('headers of a client that bypasses nginx are not trusted', async () => {
  const claimed = 'x-forwarded-for: 203.0.113.77\r\nauthorization: Bearer a-key-that-is-wrong\r\nconnection: close\r\n'
  const raw = openRaw(
    server.ports['http']!,
    `GET /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\n${claimed}\r\n`,
    '127.0.0.9',
  )
  await until('an answer', () => raw.closedAfterMs !== undefined)
  expect(raw.received.toString()).toMatch(/^HTTP\/1\.1 401/)
  expect(server.log()).toMatch(/"from":"127\.0\.0\.9"[^\n]*"WRONG_KEY"/)
  expect(server.log()).not.toContain('203.0.113.77')
})

test('all spellings of addresses in one IPv6 /64 count as one client, the next /64 as another', async () => {
  const wrong = async (address: string): Promise<number> => {
    const headers = { 'x-forwarded-for': address, authorization: 'Bearer a-key-that-is-wrong' }
    return (await fetch(`${server.http}/api/v1/rooms`, { headers })).status
  }
  for (let i = 0; i < 10; i++) expect(await wrong(`2001:db8:7:8:${i.toString(16)}::${String(i)}`)).toBe(401)
  const one = ['2001:db8:7:8::99', '2001:0DB8:0007:0008:ffff:ffff:ffff:ffff', '2001:db8:7:8:0:0:203.0.113.9']
  expect(await Promise.all(one.map(wrong))).toEqual([429, 429, 429])
  const others = ['2001:db8:7:9::1', '2001:db8:8:8::1', '::ffff:203.0.113.200']
  expect(await Promise.all(others.map(wrong))).toEqual([401, 401, 401])
})
