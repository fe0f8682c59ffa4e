import { beforeEach, expect, test } from 'vitest'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { FailureGuard, verifyStreamToken } from '../auth/index.js'
import { Connections, StreamHub, StreamKey } from '../hub/index.js'
import { TrustedProxies } from '../net/index.js'
import { Audit, createLog, Metrics, silentLog } from '../observe/index.js'
import type { ForwardTarget } from './forward-target.js'
import type { Forwards } from './forwards.js'
import { PAGE_ROUTES } from './access.js'
import { registerHealth } from './health.js'
import { addressesAt } from './addresses.fake.js'
import { registerApi } from './register.js'
import type { ApiDeps } from './register.js'
import type { ForwardInfo } from './schemas.js'

const NOW = Date.UTC(2026, 0, 1)
const LIMITS = {
  gopCache: { bytes: 1024, frames: 10, totalBytes: 1024 },
  graceMicros: 15_000_000,
  silentMicros: 10_000_000,
  headerWaitMicros: 500_000,
  trackSilentMicros: 5_000_000,
}
const clock = { now: () => 5_000_000, listened: () => 5_000_000, after: () => () => undefined }

class FakeForwards implements Forwards {
  readonly started: ForwardTarget[] = []
  readonly #rules = new Map<string, ForwardInfo>()

  list(): ForwardInfo[] {
    return [...this.#rules.values()]
  }

  get(id: string): ForwardInfo | undefined {
    return this.#rules.get(id)
  }

  start(stream: string, target: ForwardTarget): ForwardInfo {
    this.started.push(target)
    const info: ForwardInfo = { id: 'f1', stream, url: target.url, state: 'waiting', since: NOW, bytesOut: 0 }
    this.#rules.set(info.id, info)
    return info
  }

  stop(id: string): boolean {
    return this.#rules.delete(id)
  }
}

let hub: StreamHub
let connections: Connections
let delays: number[]

beforeEach(() => {
  hub = new StreamHub(clock, LIMITS)
  connections = new Connections()
  delays = []
})

async function makeApp(options: Partial<ApiDeps> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  const guard = new FailureGuard(
    () => 0,
    (ms) => {
      delays.push(ms)
      return Promise.resolve()
    },
  )
  await registerApi(app, {
    ...{ hub, connections, clock, nowMs: () => NOW, log: silentLog, metrics: new Metrics(), guard },
    ...{
      apiKeys: () => ['the-key'],
      isPrivate: () => true,
      servesPages: false,
      sdkAppId: 1,
      secret: () => undefined,
      listener: 'test',
      audit: new Audit(silentLog),
      forwardPrivate: false,
      version: '1.2.3',
    },
    ...addressesAt(1935),
    proxies: new TrustedProxies([]),
    ...options,
  })
  registerHealth(app, () => ({ ready: true, parts: { webrtc: { on: false, why: 'not built' } }, ports: {} }))
  return app
}

const local = { host: 'localhost:8080' }

function publish(name: string | StreamKey): string[] {
  const ends: string[] = []
  hub.open(typeof name === 'string' ? StreamKey.plain(name) : name).publish({
    id: 'c1',
    protocol: 'rtmp',
    remoteAddress: '10.0.0.5',
    onClose: (reason) => ends.push(reason),
  })
  return ends
}

test('a stream is listed with its publisher and its addresses', async () => {
  publish('live/x')
  const app = await makeApp()
  const response = await app.inject({ url: '/api/v1/streams', headers: local })
  expect(response.statusCode).toBe(200)
  expect(response.json()).toEqual({
    streams: [
      {
        ...{ name: 'live/x', state: 'live', since: NOW, subscribers: 0, viewers: 0, framesIn: 0, bytesIn: 0 },
        publisher: { id: 'c1', protocol: 'rtmp', remoteAddress: '10.0.0.5', since: NOW },
        play: {
          rtmp: 'rtmp://localhost/live/x',
          flv: 'http://localhost:8080/live/x.flv',
          wsFlv: 'ws://localhost:8080/live/x.flv',
          whep: 'http://localhost:8080/whep/live/x',
        },
      },
    ],
  })
})

test('a stream tells its conversion for viewers that cannot play it directly', async () => {
  publish('live/x')
  const derived = { for: 'webrtc-h264', video: 'drop-b-frames', audio: 'convert', framesLeftOut: 12 } as const
  const app = await makeApp({ derivedOf: (key) => (key.name === 'live/x' ? [derived] : []) })
  const response = await app.inject({ url: '/api/v1/streams/live/x', headers: local })
  expect(response.json()).toMatchObject({ name: 'live/x', derived: [derived] })
})

test('public URLs replace the Host in addresses', async () => {
  publish('live/x')
  const app = await makeApp({ ...addressesAt(1940), publicUrl: 'https://example.org/media' })
  const response = await app.inject({ url: '/api/v1/streams/live/x', headers: local })
  expect(response.json()).toMatchObject({
    play: {
      flv: 'https://example.org/media/live/x.flv',
      wsFlv: 'wss://example.org/media/live/x.flv',
      rtmp: 'rtmp://example.org:1940/live/x',
    },
  })
})

test('an API on a port of its own hands out addresses on the public one', async () => {
  publish('live/x')
  const app = await makeApp({ publicPort: () => ({ port: 8080, isSecure: false }) })
  const response = await app.inject({ url: '/api/v1/streams/live/x', headers: { host: '127.0.0.1:9000' } })
  expect(response.json()).toMatchObject({ play: { flv: 'http://127.0.0.1:8080/live/x.flv' } })
})

test('a stream of a room is named by room, user and type, and its key is in no answer', async () => {
  const key = StreamKey.room('secret', { roomId: 'lesson', userId: 'ann', streamType: 'main' })
  const app = await makeApp()
  for (const one of [key, key.small]) {
    publish(one)
    // prettier-ignore
    connections.add({
      ...{ id: one.layer, role: 'publisher', protocol: 'webrtc', remoteAddress: '', streamKey: one, startedAt: 0 },
      ...{ bytes: () => 0, droppedFrames: () => 0, kick: () => undefined },
    })
  }
  const listed = await app.inject({ url: '/api/v1/streams', headers: local })
  const { streams } = listed.json<{ streams: Record<string, unknown>[] }>()
  expect(streams).toMatchObject([
    { name: 'lesson/ann/main', roomId: 'lesson', userId: 'ann', streamType: 'main' },
    { name: 'lesson/ann/small', roomId: 'lesson', userId: 'ann', streamType: 'small' },
  ])
  expect(streams.map(({ play }) => play)).toEqual([undefined, undefined])
  const { connections: of } = (await app.inject({ url: '/api/v1/connections', headers: local })).json<{
    connections: { stream: string }[]
  }>()
  expect(of.map(({ stream }) => stream)).toEqual(['lesson/ann/main', 'lesson/ann/small'])
  expect(listed.body).not.toContain('secret')
  for (const name of ['r/secret', 'room:best:secret', 'secret/small', 'lesson/main'])
    for (const method of ['GET', 'DELETE'] as const)
      expect((await app.inject({ method, url: `/api/v1/streams/${name}`, headers: local })).statusCode).toBe(404)
  expect(hub.get(key)?.state).toBe('live')
})

test('a lower layer of a plain stream is listed, and has no address', async () => {
  publish('live/x')
  publish(StreamKey.plain('live/x').small)
  const response = await (await makeApp()).inject({ url: '/api/v1/streams', headers: local })
  const { streams } = response.json<{ streams: { name: string; play?: object }[] }>()
  expect(streams.map(({ name, play }) => [name, play !== undefined])).toEqual([
    ['live/x', true],
    ['live/x/small', false],
  ])
})

test('the publisher alone, or the whole stream, can be ended', async () => {
  const ends = publish('live/x')
  const app = await makeApp()
  const request = { method: 'DELETE', url: '/api/v1/streams/live/x/publisher', headers: local } as const
  expect((await app.inject(request)).json()).toEqual({ ended: 1 })
  expect(ends).toEqual(['kicked'])
  publish('live/y')
  expect((await app.inject({ method: 'DELETE', url: '/api/v1/streams/live/y', headers: local })).statusCode).toBe(200)
  expect(hub.get(StreamKey.plain('live/y'))).toBeUndefined()
})

test('connections are listed, filtered and ended by id', async () => {
  const kicked: string[] = []
  for (const [id, role] of [
    ['p', 'publisher'],
    ['v', 'viewer'],
  ] as const)
    // prettier-ignore
    connections.add({
      ...{ id, role, protocol: 'http-flv', remoteAddress: '10.0.0.9', streamKey: StreamKey.plain('live/x'), startedAt: 4_000_000 },
      ...{ bytes: () => 7, droppedFrames: () => 2, kick: () => void kicked.push(id) },
    })
  const app = await makeApp()
  const viewers = await app.inject({ url: '/api/v1/connections?role=viewer&stream=live/x', headers: local })
  expect(viewers.json()).toEqual({
    connections: [
      {
        ...{ id: 'v', role: 'viewer', protocol: 'http-flv', remoteAddress: '10.0.0.9', stream: 'live/x' },
        ...{ since: NOW - 1000, bytes: 7, droppedFrames: 2 },
      },
    ],
  })
  await app.inject({ method: 'DELETE', url: '/api/v1/connections/v', headers: local })
  expect(kicked).toEqual(['v'])
  const absent = await app.inject({ url: '/api/v1/connections/nobody', headers: local })
  expect(absent.statusCode).toBe(404)
  expect(absent.json()).toMatchObject({ error: { code: 'CONNECTION_NOT_FOUND' } })
})

test.each([
  ['a bad name', 'GET', '/api/v1/streams/.hidden/x', undefined, 400, 'BAD_REQUEST'],
  ['an absent stream', 'GET', '/api/v1/streams/live/none', undefined, 404, 'STREAM_NOT_FOUND'],
  ['an absent path', 'GET', '/api/v1/nothing', undefined, 404, 'NOT_FOUND'],
  ['an unknown field', 'POST', '/api/v1/tokens', { stream: 'live/x', action: 'play', x: 1 }, 400, 'BAD_REQUEST'],
  ['a token without a secret', 'POST', '/api/v1/tokens', { stream: 'live/x', action: 'play' }, 409, 'NO_SECRET'],
  ['a forward inside', 'POST', '/api/v1/forwards', { stream: 'live/x', url: 'rtmp://10.0.0.1/a/b' }, 400, 'BAD_TARGET'],
  ['a forward by HTTP', 'POST', '/api/v1/forwards', { stream: 'live/x', url: 'http://8.8.8.8/a' }, 400, 'BAD_REQUEST'],
] as const)('%s is refused with a stable code', async (_name, method, url, payload, status, code) => {
  const app = await makeApp({ forwards: new FakeForwards() })
  const response = await app.inject({ method, url, headers: local, ...(payload === undefined ? {} : { payload }) })
  expect(response.statusCode).toBe(status)
  const { error } = response.json<{ error: { code: string; message: string } }>()
  expect(error.code).toBe(code)
  expect(error.message.length).toBeGreaterThan(10)
})

test('a body that is not JSON is refused, so that a form of a foreign page changes nothing', async () => {
  const app = await makeApp({ secret: () => 's' })
  const headers = { ...local, 'content-type': 'application/x-www-form-urlencoded' }
  const response = await app.inject({ method: 'POST', url: '/api/v1/tokens', headers, payload: 'stream=live/x' })
  expect(response.statusCode).toBe(415)
  expect(response.json()).toMatchObject({ error: { code: 'UNSUPPORTED_MEDIA_TYPE' } })
})

test('a token made here opens the stream it was made for', async () => {
  const app = await makeApp({ secret: () => 'a secret' })
  const payload = { stream: 'live/x', action: 'publish', expireSeconds: 60 }
  const response = await app.inject({ method: 'POST', url: '/api/v1/tokens', headers: local, payload })
  expect(response.statusCode).toBe(201)
  const { token, expiresAt } = response.json<{ token: string; expiresAt: number }>()
  expect(expiresAt).toBe(NOW + 60_000)
  expect(verifyStreamToken('a secret', { action: 'publish', app: 'live', stream: 'x' }, token, NOW)).toBe('valid')
})

test('a forward is started with the resolved address, listed and stopped', async () => {
  const forwards = new FakeForwards()
  const app = await makeApp({ forwards, forwardPrivate: true })
  const payload = { stream: 'live/x', url: 'rtmp://127.0.0.1:1936/a/b?k=1' }
  const started = await app.inject({ method: 'POST', url: '/api/v1/forwards', headers: local, payload })
  expect(started.statusCode).toBe(201)
  expect(forwards.started).toEqual([
    { url: payload.url, tls: false, host: '127.0.0.1', address: '127.0.0.1', port: 1936, path: 'a/b?k=1' },
  ])
  expect((await app.inject({ url: '/api/v1/forwards', headers: local })).json()).toMatchObject({
    forwards: [{ id: 'f1' }],
  })
  expect((await app.inject({ method: 'DELETE', url: '/api/v1/forwards/f1', headers: local })).statusCode).toBe(204)
  expect((await app.inject({ method: 'DELETE', url: '/api/v1/forwards/f1', headers: local })).statusCode).toBe(404)
})

test.each([
  ['the key', { authorization: 'Bearer the-key' }, 200],
  ['no key', {}, 401],
  ['a wrong key', { authorization: 'Bearer another' }, 401],
  ['the key as a cookie', { cookie: 'Bearer=the-key' }, 401],
  ['the key by Basic', { authorization: 'Basic dGhlLWtleQ==' }, 401],
])('with a key, %s is answered %s', async (_name, headers, status) => {
  const app = await makeApp({ isPrivate: () => false })
  for (const url of ['/api/v1/streams', '/metrics'])
    expect((await app.inject({ url, headers: { ...local, ...headers } })).statusCode).toBe(status)
})

test('guessing keys is slowed down and refused after ten wrong ones', async () => {
  const app = await makeApp({ isPrivate: () => false })
  const ask = async (key: string) =>
    (await app.inject({ url: '/api/v1/streams', headers: { authorization: `Bearer ${key}` } })).statusCode
  for (let i = 0; i < 10; i++) expect(await ask(`guess-${String(i)}`)).toBe(401)
  expect(await ask('the-key')).toBe(429)
  expect(delays).toEqual([2000])
})

test.each([
  ['a local program', {}],
  ['the own page', { 'sec-fetch-site': 'same-origin' }],
  ['a proxy on this machine', { 'x-real-ip': '127.0.0.1' }],
  ['a proxy that is trusted', { 'x-forwarded-for': '127.0.0.1' }],
  ['a proxy by RFC 7239', { forwarded: 'for=127.0.0.1' }],
] as const)('without its key, %s gets nothing, wherever it says that it is', async (_name, headers) => {
  const app = await makeApp({ isPrivate: () => false, proxies: new TrustedProxies(['127.0.0.1']) })
  for (const [method, url] of [
    ['GET', '/api/v1/streams'],
    ['POST', '/api/v1/rooms/1/tokens'],
    ['GET', '/metrics'],
  ] as const)
    expect((await app.inject({ method, url, headers: { ...local, ...headers } })).statusCode).toBe(401)
})

test.each([
  ['a program', {}, 200],
  ['a program by address', { host: '127.0.0.1:9000' }, 200],
  ['a page whose name was made to lead here', { host: 'evil.example:9000' }, 403],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a page of another port', { origin: 'http://localhost:5173' }, 403],
  ['a page without an origin', { origin: 'null' }, 403],
  ['the own page', { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }, 200],
] as const)('on a private listener %s is answered %s without a key', async (_name, headers, status) => {
  const app = await makeApp()
  for (const url of ['/api/v1/streams', '/metrics'])
    expect((await app.inject({ url, headers: { ...local, ...headers } })).statusCode).toBe(status)
})

test('the server’s own pages see plain streams without their publishers; everything else needs the key', async () => {
  publish('live/x')
  publish(StreamKey.room('secret', { roomId: 'lesson', userId: 'ann', streamType: 'main' }))
  const app = await makeApp({ isPrivate: () => false, servesPages: true })
  const streamsFor = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/api/v1/streams', headers: { ...local, ...headers } })).json<{
      streams: { name: string; publisher?: object }[]
    }>().streams
  const keyed = await streamsFor({ authorization: 'Bearer the-key' })
  expect(keyed.map(({ name, publisher }) => [name, publisher !== undefined])).toEqual([
    ['live/x', true],
    ['lesson/ann/main', true],
  ])
  expect((await streamsFor({})).map(({ name, publisher }) => [name, publisher])).toEqual([['live/x', undefined]])
  const wrong = await app.inject({ url: '/api/v1/streams', headers: { authorization: 'Bearer wrong' } })
  expect(wrong.statusCode).toBe(401)
  const { paths } = (await app.inject({ url: '/api/v1/openapi.json' })).json<{ paths: Record<string, object> }>()
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods).map((name) => name.toUpperCase() as 'GET' | 'POST' | 'DELETE')) {
      const url = path.replaceAll(/\{\w+\}/g, 'x')
      const isOpen = PAGE_ROUTES.has(`${method} ${path}`)
      expect([method, url, (await app.inject({ method, url })).statusCode]).toEqual([method, url, isOpen ? 200 : 401])
    }
})

test('no answer of the API allows a foreign page to read it', async () => {
  const app = await makeApp({ isPrivate: () => false })
  const headers = { ...local, origin: 'https://evil.example', authorization: 'Bearer the-key' }
  const response = await app.inject({ url: '/api/v1/streams', headers })
  expect(response.statusCode).toBe(200)
  expect(response.headers['access-control-allow-origin']).toBeUndefined()
  expect(response.headers['set-cookie']).toBeUndefined()
})

test('the description names every route with its parameters and answers', async () => {
  const app = await makeApp({ forwards: new FakeForwards(), isPrivate: () => false })
  const response = await app.inject({ url: '/api/v1/openapi.json' })
  expect(response.statusCode).toBe(200)
  const document = response.json<{
    openapi: string
    paths: Record<string, Record<string, unknown>>
    components: unknown
  }>()
  expect(document.openapi).toBe('3.1.0')
  expect(Object.entries(document.paths).map(([path, methods]) => `${path} ${Object.keys(methods).join(' ')}`)).toEqual([
    '/api/v1/streams get',
    '/api/v1/streams/{app}/{stream} get delete',
    '/api/v1/streams/{app}/{stream}/publisher delete',
    '/api/v1/connections get',
    '/api/v1/connections/{id} get delete',
    '/api/v1/tokens post',
    '/api/v1/rooms/{id}/tokens post',
    '/api/v1/forwards get post',
    '/api/v1/forwards/{id} get delete',
  ])
  expect(document.components).toMatchObject({ schemas: { Stream: {}, Connection: {}, Forward: {}, Error: {} } })
})

test('health and readiness need no key, metrics do', async () => {
  const app = await makeApp({ isPrivate: () => false })
  expect((await app.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' })
  expect((await app.inject({ url: '/readyz' })).json()).toMatchObject({ ready: true, parts: { webrtc: { on: false } } })
  const metrics = await app.inject({ url: '/metrics', headers: { authorization: 'Bearer the-key' } })
  expect(metrics.headers['content-type']).toMatch(/^text\/plain/)
  expect(metrics.body).toContain('crossroom_streams 0')
})

test('every action is audited with subject, action, target and address; reads and credentials are not', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) }, nowMs: () => 0 })
  const options = {
    isPrivate: () => false,
    secret: () => 'a secret',
    audit: new Audit(log),
    forwards: new FakeForwards(),
  }
  const app = await makeApp({ ...options, apiKeys: () => ['the-key', 'the-key-before'], forwardPrivate: true })
  const ask = (key: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
    app.inject({ method, url, headers: { authorization: `Bearer ${key}` }, ...(payload && { payload }) })
  await ask('the-key', 'GET', '/api/v1/streams')
  const token = await ask('the-key', 'POST', '/api/v1/rooms/42/tokens', { userId: 'alice', permissions: ['sendAudio'] })
  await ask('the-key-before', 'DELETE', '/api/v1/streams/live/none')
  await ask('a-wrong-key', 'DELETE', '/api/v1/streams/live/none')
  await ask('the-key', 'POST', '/api/v1/forwards', { stream: 'live/x', url: 'rtmp://127.0.0.1/app/key-of-a-channel' })
  const who = expect.stringMatching(/^key [0-9a-f]{8}$/) as string
  const said = lines.map((line) => JSON.parse(line) as { who?: string })
  const common = { kind: 'audit', from: '127.0.0.1' }
  expect(said).toMatchObject([
    {
      ...{ ...common, who, what: 'POST /api/v1/rooms/:id/tokens', status: 201 },
      on: { id: '42', userId: 'alice', permissions: ['sendAudio'] },
    },
    { ...common, who, what: 'DELETE /api/v1/streams/:app/:stream', status: 404, on: { app: 'live', stream: 'none' } },
    { ...common, what: 'DELETE /api/v1/streams/:app/:stream', code: 'WRONG_KEY' },
    { ...common, who, what: 'POST /api/v1/forwards', status: 201, on: { stream: 'live/x' } },
  ])
  expect(said[0]?.who).not.toBe(said[1]?.who)
  const { userSig } = token.json<{ userSig: string }>()
  for (const secret of ['the-key', 'a-wrong-key', 'key-of-a-channel', userSig])
    expect(lines.join('')).not.toContain(secret)
})
