import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../net/clock.js'
import { silentLog } from '../observe/index.js'
import type { StreamRequest } from './gate.js'
import { HookQueue } from './hook-queue.js'
import { signHook } from './hook-request.js'
import { Hooks } from './hooks.js'
import { Slots } from './slots.js'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const NOW = 1_700_000_000_000
const received: Received[] = []
let answer: (response: ServerResponse, count: number) => void
let server: Server
let url: string

beforeEach(async () => {
  received.length = 0
  answer = (response) => response.end()
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => (body += text))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      answer(response, received.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const request: StreamRequest = {
  ...{ action: 'publish', protocol: 'rtmp', app: 'live', stream: 'x', remoteAddress: '10.0.0.1', connectionId: 'c1' },
  query: new Map([['token', 'abc']]),
}

function makeHooks(...secrets: string[]): Hooks {
  let count = 0
  const newId = () => `id-${String(++count)}`
  return new Hooks(
    { onPublish: url, onUnpublish: url, secrets: () => (secrets.length === 0 ? ['hook secret'] : secrets) },
    { log: silentLog, nowMs: () => NOW, clock: systemClock, newId },
  )
}

test('a request carries subject, action and a signature over id, time and body', async () => {
  expect(await makeHooks().ask(request, 'token:1')).toEqual({ allowed: true })
  const { headers, body } = received[0]!
  expect(JSON.parse(body)).toEqual({
    ...{ event: 'on_publish', action: 'publish', protocol: 'rtmp', app: 'live', stream: 'x' },
    ...{ remoteAddress: '10.0.0.1', connectionId: 'c1', subject: 'token:1', query: { token: 'abc' } },
  })
  const signed = createHmac('sha256', 'hook secret').update(`id-1.1700000000.${body}`).digest('base64')
  expect(headers).toMatchObject({
    ...{ 'content-type': 'application/json', 'webhook-id': 'id-1', 'webhook-timestamp': '1700000000' },
    'webhook-signature': `v1,${signed}`,
  })
})

test('while a secret is changed the receiver may know either', async () => {
  await makeHooks('new', 'old').ask(request, undefined)
  const { headers, body } = received[0]!
  const sign = (secret: string) => createHmac('sha256', secret).update(`id-1.1700000000.${body}`).digest('base64')
  expect(headers['webhook-signature']).toBe(`v1,${sign('new')} v1,${sign('old')}`)
})

test('a secret with the prefix of Standard Webhooks is base64', () => {
  // The example of the specification's reference verifiers.
  const post = { url, id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' }
  expect(signHook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], post, 1614265330)).toMatchObject({
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('without a hook for the action nothing is asked', async () => {
  expect(await makeHooks().ask({ ...request, action: 'play' }, undefined)).toBeUndefined()
  expect(received).toHaveLength(0)
})

test.each([
  ['an empty 200', 200, '', { allowed: true }],
  ['0, as SRS hooks answer', 200, '0', { allowed: true }],
  ['a text', 200, 'ok', { allowed: true }],
  ['a code of 0', 200, '{"code":0}', { allowed: true }],
  ['a wish to record', 200, '{"record":true}', { allowed: true, isRecorded: true }],
  ['a subject', 200, '{"subject":"u7"}', { allowed: true, subject: 'hook:u7' }],
  [
    'allow false',
    200,
    '{"allow":false,"reason":"Not today."}',
    { allowed: false, refused: true, sentence: 'Not today.' },
  ],
  ['a code', 200, '{"code":403}', { allowed: false, refused: true }],
  ['1, as SRS hooks answer', 200, '1', { allowed: false, refused: true }],
  ['403', 403, '', { allowed: false, refused: true }],
  ['403 with allow', 403, '{"allow":true}', { allowed: false, refused: true }],
  ['302', 302, '', { allowed: false, refused: false }],
  ['500', 500, '', { allowed: false, refused: false }],
  ['200 and more than 64 KiB', 200, ' '.repeat(65_537), { allowed: false, refused: false }],
])('%s is understood', async (_name, status, body, verdict) => {
  answer = (response) => response.writeHead(status, { location: url }).end(body)
  expect(await makeHooks().ask(request, undefined)).toMatchObject(verdict)
  expect(received).toHaveLength(1)
})

test('an endless answer is cut off at 64 KiB and means no', async () => {
  answer = (response) => {
    const write = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    }
    response.on('drain', write)
    write()
  }
  expect(await makeHooks().ask(request, undefined)).toMatchObject({ allowed: false, refused: false })
})

test('a server that is not there means no', async () => {
  await new Promise((resolve) => server.close(resolve))
  expect(await makeHooks().ask(request, undefined)).toMatchObject({ allowed: false, refused: false })
  server = createServer().listen(0)
})

test('a server that never answers means no after three seconds', async () => {
  answer = () => undefined
  const started = performance.now()
  expect(await makeHooks().ask(request, undefined)).toMatchObject({ allowed: false, refused: false })
  const tookMs = performance.now() - started
  expect(tookMs).toBeGreaterThan(2900)
  expect(tookMs).toBeLessThan(10_000)
})

test('on_unpublish is told with the reason, in order', async () => {
  const hooks = makeHooks()
  hooks.unpublished(request, { reason: 'client', durationMs: 1500, subject: undefined })
  hooks.unpublished({ ...request, stream: 'y' }, { reason: 'timeout', durationMs: 0, subject: 's' })
  await hooks.close()
  expect(received.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
    { event: 'on_unpublish', stream: 'x', reason: 'client', durationMs: 1500 },
    { event: 'on_unpublish', stream: 'y', reason: 'timeout', subject: 's' },
  ])
  expect(hooks.lost).toBe(0)
})

test('a notification that failed comes again with the same id, before the next one', async () => {
  answer = (response, count) => response.writeHead(count === 1 ? 503 : 200).end()
  const queue = new HookQueue(() => ['s'], { log: silentLog, nowMs: () => NOW, clock: systemClock })
  queue.push({ url, id: 'a', body: '{}' })
  queue.push({ url, id: 'b', body: '{}' })
  await expect.poll(() => received.length, { timeout: 5000 }).toBe(3)
  await queue.close()
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['a', 'a', 'b'])
  expect(queue.lost).toBe(0)
})

test('a track that the receiver rejects is dropped and does not delay the next one', async () => {
  answer = (response, count) => response.writeHead(count === 1 ? 410 : 200).end()
  const queue = new HookQueue(() => ['s'], { log: silentLog, nowMs: () => NOW, clock: systemClock })
  queue.push({ url, id: 'a', body: '{}' })
  queue.push({ url, id: 'b', body: '{}' })
  await queue.close()
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['a', 'b'])
  expect(queue.lost).toBe(1)
})

test('a thousand notifications wait, then the oldest is lost and counted', async () => {
  answer = (response) => response.writeHead(503).end()
  const queue = new HookQueue(() => ['s'], { log: silentLog, nowMs: () => NOW, clock: systemClock })
  for (let i = 0; i < 1003; i++) queue.push({ url, id: String(i), body: '{}' })
  expect(queue.lost).toBe(3)
  await queue.close()
  expect(queue.lost).toBe(1003)
})

const makeSlots = (slots: number, waiting: number) =>
  new Slots(slots, waiting, (delay, callback) => systemClock.after(delay, callback))

test('slots are given to those who wait, in order, and waiting ends in time', async () => {
  const slots = makeSlots(2, 4)
  const [first] = [(await slots.take(10, 'a'))!, (await slots.take(10, 'b'))!]
  const third = slots.take(10_000, 'c')
  const fourth = slots.take(1, 'c')
  expect(await fourth).toBeUndefined()
  first()
  const give = await third
  expect(give).toBeDefined()
  give!()
  expect(await slots.take(0, 'd')).toBeDefined()
})

test('one caller whose hook hangs does not keep the slots from the others', async () => {
  const slots = makeSlots(8, 8)
  const own = Array.from({ length: 20 }, () => slots.take(50, 'greedy'))
  expect(await slots.take(50, 'modest')).toBeDefined()
  expect((await Promise.all(own)).filter((give) => give !== undefined)).toHaveLength(4)
})
