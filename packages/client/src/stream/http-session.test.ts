import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HttpSession } from './http-session.js'

let asked: string[]
let reply: () => Response

beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', (url: string | URL, { method, headers }: RequestInit) => {
    asked.push(`${String(method)} ${String(url)} ${String((headers as Record<string, string>)['Authorization'])}`)
    return Promise.resolve(method === 'DELETE' ? new Response() : reply())
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

const created = (): Response =>
  new Response('v=0', {
    status: 201,
    headers: { location: '/whep/session/1', link: '<turn:host>; rel="ice-server"; username="u"; credential="c"' },
  })

test('an offer makes a session, leaving ends it once, both with the token', async () => {
  reply = created
  const session = new HttpSession('whep', { origin: 'http://host', name: 'live/a', token: 't' })
  expect(await session.offer('offer')).toEqual({
    kind: 'answer',
    sdp: 'v=0',
    iceServers: [{ urls: 'turn:host', username: 'u', credential: 'c' }],
  })
  await session.leave()
  await session.leave()
  expect(asked).toEqual(['POST http://host/whep/live/a Bearer t', 'DELETE http://host/whep/session/1 Bearer t'])
})

test('a session created after its caller gave up is ended', async () => {
  reply = created
  const session = new HttpSession('whip', { origin: 'http://host', name: 'live/a' })
  const offered = session.offer('offer')
  await session.leave()
  expect(await offered).toEqual({ kind: 'left' })
  expect(asked.at(-1)).toBe('DELETE http://host/whep/session/1 undefined')
})

test('a refusal keeps its status and its sentence', async () => {
  reply = () => new Response('live/cam already has a publisher.', { status: 409 })
  const session = new HttpSession('whip', { origin: 'http://host', name: 'live/a' })
  expect(await session.offer('offer')).toEqual({
    kind: 'refusal',
    status: 409,
    sentence: 'live/cam already has a publisher.',
  })
})
