import { request, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { authLimits, hookLimits, roomLimits } from '../../packages/server/src/config/limits.js'
import { startServer, TEST_API_KEY, until, type TestServer } from '../harness/index.js'

/** What all callers share, and one caller who takes as much of it as it can: rooms, hooks, and answers that are held back. */

const GREEDY = '127.0.0.2'
const MODEST = '127.0.0.3'

/** The operator's program: it answers neither yes nor no to plays of `live/slow-…`, and yes to all others. */
let operator: Server
const held = new Set<ServerResponse>()
/** The most of them at the same time, and whether anybody else was asked for. */
const seen = { most: 0, others: 0 }
let server: TestServer

beforeAll(async () => {
  operator = createServer((asked: IncomingMessage, answer) => {
    let body = ''
    asked.on('data', (part: Buffer) => (body += part.toString()))
    asked.on('end', () => {
      if (!body.includes('slow-')) {
        seen.others++
        answer.end('{"allow":true}')
        return
      }
      held.add(answer)
      seen.most = Math.max(seen.most, held.size)
      answer.once('close', () => held.delete(answer))
    })
  })
  await new Promise<void>((resolve) => operator.listen(0, '127.0.0.1', resolve))
  const hook = `http://127.0.0.1:${String((operator.address() as AddressInfo).port)}/`
  server = await startServer({ args: ['--on-play', hook, '--log-level', 'warn'] })
})
afterAll(async () => {
  await server.stop()
  operator.closeAllConnections()
  operator.close()
})

/** Enters a room from one of loopback's addresses, and goes without leave; `in` or the code of the refusal. */
function enter(roomId: string, from: string): Promise<string> {
  const socket = new WebSocket(`${server.ws}/signal`, { localAddress: from })
  const params = { protocol: 1, roomId, userId: 'somebody', client: { kind: 'other', version: '1' } }
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'room.enter', params })))
    socket.once('message', (data: Buffer) => {
      const { error } = JSON.parse(data.toString()) as { error?: { data: { code: string } } }
      socket.terminate()
      resolve(error?.data.code ?? 'in')
    })
  })
}

test('one address can create half of all rooms at most, and others can still create theirs', async () => {
  const share = roomLimits.rooms / 2
  let [made, refused, next] = [0, 0, 0]
  const make = async (): Promise<void> => {
    while (refused === 0 && next < share + 100) {
      const answer = await enter(`greedy-${String(next++)}`, GREEDY)
      if (answer === 'in') made++
      else refused++
    }
  }
  await Promise.all(Array.from({ length: 32 }, make))
  expect([made, refused > 0]).toEqual([share, true])
  expect(await enter('one-too-many', GREEDY)).toBe('ROOMS_FULL')
  // What is there is open to everybody.
  expect(await enter('greedy-0', MODEST)).toBe('in')
  expect(await enter('modest', MODEST)).toBe('in')
  expect(await enter('modest', GREEDY)).toBe('in')
}, 60_000)

interface Answer {
  readonly status: number
  readonly afterMs: number
}

function ask(path: string, from: string, headers: Record<string, string> = {}): Promise<Answer> {
  const askedAt = performance.now()
  const options = { host: '127.0.0.1', port: server.ports['http'], path, headers, localAddress: from, agent: false }
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      resolve({ status: response.statusCode ?? 0, afterMs: performance.now() - askedAt })
      response.destroy()
    })
    asked.once('error', reject).end()
  })
}

test('hook calls of one address queue up, while those of others are made immediately', async () => {
  const slow = Array.from({ length: 3 * hookLimits.inFlight }, (_, i) => ask(`/live/slow-${String(i)}.flv`, GREEDY))
  const all = Promise.allSettled(slow)
  await until('half of the places to be taken', () => seen.most >= hookLimits.inFlight / 2)
  const quick = ask('/live/quick.flv', MODEST)
  await until('the hook of somebody else', () => seen.others > 0)
  expect(seen.most).toBe(hookLimits.inFlight / 2)
  for (const answer of held) answer.end('{"allow":false}')
  operator.closeAllConnections()
  await Promise.all([all, quick])
})

test('a failing address gets delayed answers, and gains nothing from parallel requests', async () => {
  const wrong = (from: string) => ask('/api/v1/rooms', from, { authorization: 'Bearer a-key-that-is-wrong' })
  const right = (from: string) => ask('/api/v1/rooms', from, { authorization: `Bearer ${TEST_API_KEY}` })
  for (let i = 0; i < authLimits.failuresPerMinute; i++) expect((await wrong(GREEDY)).status).toBe(401)
  const flood = Promise.all(Array.from({ length: 2 * authLimits.delayedAnswers }, () => wrong(GREEDY)))
  for (let i = 0; i < authLimits.failuresPerMinute; i++) expect((await wrong(MODEST)).status).toBe(401)
  const [guess, other] = await Promise.all([wrong(MODEST), right('127.0.0.4')])
  expect([guess.status, other.status]).toEqual([429, 200])
  expect(guess.afterMs).toBeGreaterThan(authLimits.failureDelayMs - 100)
  expect(other.afterMs).toBeLessThan(guess.afterMs)
  expect(new Set((await flood).map(({ status }) => status))).toEqual(new Set([429]))
  // Not even the key opens it before the minute is over.
  expect((await right(GREEDY)).status).toBe(429)
})
