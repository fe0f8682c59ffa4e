import { connect, type Socket } from 'node:net'
import { request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { httpLimits } from '../config/index.js'
import { systemClock as clock } from './clock.js'
import { TrustedProxies } from './client-address.js'
import { HttpServer, type HttpLimits } from './http-server.js'
import { doorForTest } from './listen.fake.js'

const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

/** A server with six places that answers `/hold` never and the rest at once. */
async function open(proxies: string[], limits: Partial<HttpLimits> = {}): Promise<number> {
  const trusted = new TrustedProxies(proxies)
  const server = await HttpServer.listen({
    ...{
      name: 'http',
      place: { host: '127.0.0.1', port: 0 },
      limits: { ...httpLimits, ...limits },
      highWaterMark: 65_536,
      acceptPauseMs: 100,
    },
    ...{ clock, door: doorForTest({ places: 6, proxies }), onError: () => undefined },
    clientAddress: (asked) => trusted.clientAddress(asked),
    onRequest: (asked, response) => (asked.url === '/hold' ? response.flushHeaders() : response.end('ok')),
    onUpgrade: () => false,
  })
  closing.push(() => server.close())
  return server.port
}

/** Asks and answers the status; the connection stays open. */
function ask(port: number, path: string, from: { localAddress?: string; client?: string } = {}): Promise<number> {
  return new Promise((resolve) => {
    const { client, localAddress } = from
    const headers = client === undefined ? {} : { 'X-Forwarded-For': client }
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false, localAddress }, (response) => {
      resolve(response.statusCode!)
      response.resume()
    })
    asked.on('error', () => resolve(0))
    asked.end()
    closing.push(() => asked.destroy())
  })
}

test('one address holds as many connections as are left free, and another one still comes in', async () => {
  const port = await open([])
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push(await ask(port, '/hold', { localAddress: '127.0.0.2' }))
  expect(statuses).toEqual([200, 200, 200, 0, 0])
  expect(await ask(port, '/hold', { localAddress: '127.0.0.3' })).toBe(200)
})

test('behind a trusted proxy it is its clients that are counted', async () => {
  const port = await open(['127.0.0.1'])
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push(await ask(port, '/hold', { client: '198.51.100.7' }))
  expect(statuses).toEqual([200, 200, 200, 429, 429])
  expect(await ask(port, '/', { client: '198.51.100.8' })).toBe(200)
  expect(await ask(port, '/', { client: '2001:db8::1' })).toBe(200)
})

test('a place is given back with the connection, and a finished request of a proxy gives its own back', async () => {
  const port = await open(['127.0.0.1'])
  for (let i = 0; i < 20; i++) expect(await ask(port, '/', { client: '198.51.100.7' })).toBe(200)
  const direct = await open([])
  for (let i = 0; i < 10; i++) {
    const socket = await new Promise<Socket>((resolve) => {
      const made = connect({ host: '127.0.0.1', port: direct }, () => resolve(made))
    })
    const gone = new Promise((resolve) => socket.once('close', resolve))
    socket.end()
    await gone
  }
  expect(await ask(direct, '/')).toBe(200)
})

test('headers and bodies have a deadline each; an answer that takes longer has none', async () => {
  const port = await open([], { headersTimeoutMs: 150, requestTimeoutMs: 300 })
  const send = (text: string) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text))
    closing.push(() => socket.destroy())
    let said = ''
    socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
    socket.on('error', () => undefined)
    return { socket, closed: new Promise<string>((resolve) => socket.once('close', () => resolve(said))) }
  }
  const long = send('GET /hold HTTP/1.1\r\nHost: x\r\n\r\n')
  const silent = send('')
  const headless = send('GET /hold HTTP/1.1\r\nHost: x\r\n')
  expect(await silent.closed).toContain('408')
  expect(await headless.closed).toContain('408')
  const bodiless = send('POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123')
  await bodiless.closed
  expect(long.socket.closed).toBe(false)
})
