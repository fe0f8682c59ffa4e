import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Api } from './api.js'
import { RoomStreams } from './room-streams.js'

let members: object[]
let asked: string[]
const api = new Api('key')
const streams = new RoomStreams()

const answers = (path: string): object => {
  if (path.endsWith('/members')) return { members }
  if (path.endsWith('/rooms')) return { rooms: [{ roomId: 'lobby' }] }
  const token = `t${String(asked.length)}`
  return { token, play: { flv: `http://elsewhere.test/r/${token}.flv` } }
}

beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', (path: string, { method }: RequestInit) => {
    asked.push(`${String(method)} ${path}`)
    return Promise.resolve(Response.json(answers(path)))
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

const member = (userId: string, ...types: string[]): object => ({
  userId,
  userName: userId.toUpperCase(),
  streams: types.map((streamType) => ({ streamType, hasAudio: true, hasVideo: false })),
})

test('every stream of every room is borrowed once, kept, and given back when it is gone', async () => {
  members = [member('a', 'main', 'small', 'aux'), member('b')]
  const first = await streams.fetch(api)
  expect(first.map(({ key, name }) => [key, name])).toEqual([
    ['lobby/a/main', 'lobby · A'],
    ['lobby/a/aux', 'lobby · A (aux)'],
  ])
  for (const { path } of first) expect(path).toMatch(/^r\/t\d+$/)
  expect(first[1]!.snapshot).toBe('/rooms/lobby/members/a/snapshot.jpg?streamType=aux')
  expect(await streams.fetch(api)).toEqual(first)
  expect(asked.filter((call) => call.startsWith('POST'))).toHaveLength(2)
  members = [member('a', 'main')]
  expect(await streams.fetch(api)).toEqual(first.slice(0, 1))
  await streams.close(api)
  expect(asked.filter((call) => call.startsWith('DELETE'))).toHaveLength(2)
})

test('a key without access to rooms sees none', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 401 })))
  expect(await streams.fetch(api)).toEqual([])
})
