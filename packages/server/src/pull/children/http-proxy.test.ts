import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { VirtualClock } from '@crossroom/testkit'
import { afterEach, expect, test } from 'vitest'
import { Targets } from '../../jobs/index.js'
import { SocketWatch } from '../../net/index.js'
import { FetchNetwork } from '../fetch/network.js'
import { HttpProxy } from './http-proxy.js'

const ends: (() => void)[] = []
afterEach(() => ends.splice(0).forEach((end) => end()))

async function stage() {
  const clock = new VirtualClock()
  const limits = { waitingBytes: 1e6, stalledMicros: 1e7, unsentBytes: 65_536, unreadBytes: 32_768, sweepMicros: 5e5 }
  const sockets = new SocketWatch({ clock, limits, kernel: undefined, onCut: () => undefined })
  const targets = new Targets({ allowed: ['127.0.0.1'], option: '--pull-private' })
  const proxy = new HttpProxy(new FetchNetwork(clock, targets, sockets))
  const source: Server = createServer((asked, answer) => {
    answer.end(JSON.stringify({ path: asked.url, headers: asked.headers }))
  })
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
  const at = `127.0.0.1:${String((source.address() as AddressInfo).port)}`
  ends.push(
    () => proxy.close(),
    () => source.close(),
  )
  const { username, password, port } = new URL(await proxy.url())
  const known = { 'proxy-authorization': `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  const ask = (method: string, path: string, headers: Record<string, string> = known) =>
    new Promise<{ status: number | undefined; response: IncomingMessage; socket?: Socket }>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
      asked.on('error', reject)
      asked.on('response', (response) => resolve({ status: response.statusCode, response }))
      asked.on('connect', (response, socket) => resolve({ status: response.statusCode, response, socket }))
      asked.end()
    })
  return { at, ask }
}

test('a request goes to its host, without what is for the proxy', async () => {
  const { at, ask } = await stage()
  const { status, response } = await ask('GET', `http://${at}/a.m3u8?b=c`)
  expect(status).toBe(200)
  const { path, headers } = JSON.parse(await text(response)) as { path: string; headers: object }
  expect(path).toBe('/a.m3u8?b=c')
  expect(headers).not.toHaveProperty('proxy-authorization')
})

test('a tunnel goes to its host', async () => {
  const { at, ask } = await stage()
  const { status, socket } = await ask('CONNECT', at)
  expect(status).toBe(200)
  socket!.write('GET /through HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  expect(await text(socket!)).toContain('/through')
})

test.each([
  ['GET', 'http://127.0.0.2:1/a'],
  ['GET', 'http://169.254.169.254/latest'],
  ['GET', 'http://[::ffff:10.0.0.1]/a'],
  ['CONNECT', '127.0.0.2:443'],
  ['CONNECT', '169.254.169.254:443'],
])('%s %s is refused', async (method, path) => {
  const { ask } = await stage()
  expect((await ask(method, path)).status).toBe(421)
})

test.each(['', 'Basic Y3Jvc3Nyb29tOg==', 'Bearer x'])('credentials "%s" open nothing', async (given) => {
  const { at, ask } = await stage()
  for (const [method, path] of [
    ['GET', `http://${at}/a`],
    ['CONNECT', at],
  ] as const)
    // prettier-ignore
    expect((await ask(method, path, { 'proxy-authorization': given })).status).toBe(407)
})

test.each([
  ['GET', '/no-host'],
  ['GET', 'ftp://127.0.0.1/a'],
  ['CONNECT', '127.0.0.1:99999'],
])('%s %s is no request for a proxy', async (method, path) => {
  const { ask } = await stage()
  expect((await ask(method, path)).status).toBe(400)
})
