import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeSocket } from './web-socket.fake.js'
import { SignalSocket, type SignalEvents } from './signal-socket.js'

const ENTERED = {
  sessionId: 's',
  resumeToken: 'r',
  room: {
    ...{ roomId: 'x', name: 'x', ownerId: 'anna', createdAt: 1, anchors: 1, audience: 0 },
    limits: { members: 100, anchors: 10 },
  },
  self: { userId: 'anna', role: 'owner' },
  userList: [],
  audienceCount: 0,
  iceServers: [],
  heartbeatMs: 10_000,
  expiresAt: null,
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function stage() {
  const log: string[] = []
  const events: SignalEvents = {
    state: ({ state }) => log.push(state),
    entered: ({ how }) => log.push(how),
    users: ({ users }) => log.push(`users ${String(users.length)}`),
    notification: ({ method }) => log.push(method),
    ended: ({ reason }) => log.push(`ended ${reason}`),
  }
  return { signal: new SignalSocket(['ws://host/signal', 'ws://other/signal'], events), log }
}

const newest = (): FakeSocket => FakeSocket.all.at(-1)!

test('entering opens a socket, sends the entry, and resolves with the room', async () => {
  const { signal, log } = stage()
  const entering = signal.enter({ roomId: 'x', userId: 'anna' })
  expect(newest().url).toBe('ws://host/signal?room=x')
  newest().admit(ENTERED)
  expect(newest().sent[0]).toMatchObject({
    method: 'room.enter',
    params: { protocol: 1, roomId: 'x', userId: 'anna', client: { kind: 'browser' } },
  })
  expect(await entering).toMatchObject({ self: { userId: 'anna' } })
  expect(log).toEqual(['connecting', 'connected', 'entered'])
})

test('a refusal rejects with the code and the sentence of the server, and is no event', async () => {
  const { signal, log } = stage()
  const entering = signal.enter({ roomId: 'x', userId: 'anna' })
  newest().onopen?.()
  const error = { code: -32000, message: 'The room is full.', data: { code: 'BANNED' } }
  newest().say({ id: newest().sent[0]!.id, error })
  await expect(entering).rejects.toMatchObject({ code: 'BANNED', message: 'The room is full.' })
  expect(log.some((line) => line.startsWith('ended'))).toBe(false)
})

test('without a server the entry fails with a sentence', async () => {
  const { signal } = stage()
  const entering = signal.enter({ roomId: 'x', userId: 'anna' })
  const rejected = expect(entering).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  for (let second = 0; second < 20; second++) {
    const socket = newest()
    if (socket.closed === undefined) socket.onclose?.({ code: 1006, reason: '' })
    await vi.advanceTimersByTimeAsync(1_000)
  }
  await rejected
  expect(FakeSocket.all.length).toBeGreaterThan(3)
})

test('leaving during an entry rejects the entry as left', async () => {
  const { signal } = stage()
  const entering = signal.enter({ roomId: 'x', userId: 'anna' })
  const rejected = expect(entering).rejects.toMatchObject({ code: 'LEFT_ROOM' })
  await signal.leave()
  await rejected
})

test('leaving resolves with the answer, with its delay, and when there is nothing to leave', async () => {
  const { signal, log } = stage()
  await signal.leave()
  void signal.enter({ roomId: 'x', userId: 'anna' })
  newest().admit(ENTERED)
  const twice = [signal.leave(), signal.leave()]
  expect(newest().sent.map(({ method }) => method)).toEqual(['room.enter', 'room.leave'])
  newest().say({ id: newest().sent[1]!.id, result: {} })
  await Promise.all(twice)
  await signal.leave()
  expect(log.at(-1)).toBe('ended left')
  void signal.enter({ roomId: 'x', userId: 'anna' })
  newest().admit(ENTERED)
  const silent = signal.leave()
  await vi.advanceTimersByTimeAsync(1_500)
  await silent
})

test('answers reach their requester, and requests fail when the socket is lost', async () => {
  const { signal } = stage()
  void signal.enter({ roomId: 'x', userId: 'anna' })
  newest().admit(ENTERED)
  const sending = signal.request('message.send', { to: null, kind: 'text', data: 'a' })
  const kicking = signal.request('room.kick', { userId: 'ben' })
  const [, message] = newest().sent
  newest().say({ id: message!.id, result: { messageId: 'm' } })
  expect(await sending).toEqual({ messageId: 'm' })
  const rejected = expect(kicking).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  newest().onclose?.({ code: 1006, reason: '' })
  await rejected
})

test('a socket that is lost is another one soon, which resumes the stay', async () => {
  const { signal, log } = stage()
  void signal.enter({ roomId: 'x', userId: 'anna' })
  newest().admit(ENTERED)
  const first = newest()
  first.onclose?.({ code: 1006, reason: '' })
  await vi.advanceTimersByTimeAsync(250)
  expect(newest()).not.toBe(first)
  newest().onopen?.()
  expect(newest().sent[0]).toMatchObject({ method: 'room.resume', params: { resumeToken: 'r' } })
  newest().say({ id: newest().sent[0]!.id, result: ENTERED })
  expect(log.slice(3)).toEqual(['reconnecting', 'connected', 'resumed'])
  // The old socket speaks to nobody any more.
  first.say({ method: 'media.levels', params: { levels: [] } })
  expect(log).not.toContain('media.levels')
})

test('a server that does not open is another one of its addresses next time', async () => {
  const { signal } = stage()
  void signal.enter({ roomId: 'x', userId: 'anna' })
  newest().admit(ENTERED)
  newest().onclose?.({ code: 1006, reason: '' })
  await vi.advanceTimersByTimeAsync(250)
  expect(newest().url).toBe('ws://host/signal?room=x')
  newest().onclose?.({ code: 1006, reason: '' })
  await vi.advanceTimersByTimeAsync(450)
  expect(newest().url).toBe('ws://other/signal?room=x')
})

test('a listener that asks for something more is not in the way of what else is to be told', async () => {
  const asked: Promise<unknown>[] = []
  const other: SignalEvents = {
    state: () => undefined,
    entered: () => void asked.push(signal.request('room.info', {})),
    users: () => undefined,
    notification: () => undefined,
    ended: () => undefined,
  }
  const signal = new SignalSocket(['ws://host/signal'], other)
  const entering = signal.enter({ roomId: 'x', userId: 'anna' })
  newest().admit(ENTERED)
  await entering
  expect(newest().sent.map(({ method }) => method)).toEqual(['room.enter', 'room.info'])
  newest().say({ id: newest().sent[1]!.id, result: ENTERED.room })
  expect(await asked[0]).toMatchObject({ roomId: 'x' })
})
