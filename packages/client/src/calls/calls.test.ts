// @vitest-environment jsdom
import type { Call, CallMedia, CallMemberState } from '@crossroom/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeSocket } from '../signal/web-socket.fake.js'
import { Calls } from './calls.js'

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const newest = (): FakeSocket => FakeSocket.all.at(-1)!
const lastSent = () => newest().sent.at(-1)!

function callOf(
  inviter: string,
  anna: CallMemberState,
  media: CallMedia = 'video',
  startedAt: number | null = null,
): Call {
  const others = { userId: 'ben', state: 'accepted' as const }
  return {
    callId: 'c',
    roomId: 'call_1',
    media,
    inviter,
    members: [others, { userId: 'anna', state: anna }],
    data: '',
    startedAt,
  }
}

/** Calls over a room that writes down what is done with it. */
async function stage(options: { readonly autoCapture?: boolean } = {}) {
  const log: string[] = []
  const done = (line: string) => () => {
    log.push(line)
    return Promise.resolve()
  }
  const room = {
    connectionState: 'disconnected' as 'connected' | 'disconnected',
    enterRoom: ({ roomId, userId, userSig }: { roomId: unknown; userId: string; userSig?: string }) => {
      log.push(`enter ${String(roomId)} ${userId} ${userSig ?? ''}`)
      return entry()
    },
    exitRoom: done('exit'),
    startLocalAudio: done('audio on'),
    stopLocalAudio: done('audio off'),
    startLocalVideo: done('video on'),
    stopLocalVideo: done('video off'),
  }
  let entry = (): Promise<unknown> => Promise.resolve()
  const calls = new Calls(['ws://host/signal'], room)
  const names = ['onCallReceived', 'onCallBegin', 'onCallEnd', 'onUserReject', 'onError', 'onStateChanged'] as const
  for (const name of names)
    calls.on(name, (event) => log.push(`${name}${'reason' in event ? ` ${String(event.reason)}` : ''}`))
  const online = calls.online({ userId: 'anna', userSig: 'sig', ...options })
  newest().admit({ calls: [], heartbeatMs: 10_000, expiresAt: null })
  await online
  log.length = 0
  return { calls, log, room, refuse: () => (entry = () => Promise.reject(new Error('no'))) }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

test('one who calls enters the call’s room at once with its signature, captures, and lets go of all at the end', async () => {
  const { calls, log } = await stage()
  const calling = calls.call({ userId: 'ben', data: 'hi' })
  expect(lastSent()).toMatchObject({ method: 'call.invite', params: { userIds: ['ben'], media: 'video', data: 'hi' } })
  newest().say({ id: lastSent().id, result: { call: callOf('anna', 'accepted') } })
  expect(await calling).toMatchObject({ callId: 'c' })
  expect(log).toEqual(['enter call_1 anna sig', 'audio on', 'video on'])
  expect(calls.current?.callId).toBe('c')
  newest().say({ method: 'call.changed', params: { call: callOf('anna', 'accepted', 'video', 7) } })
  newest().say({ method: 'call.ended', params: { callId: 'c', reason: 'hangup', by: 'ben' } })
  await settle()
  expect(log.slice(3)).toEqual(['onCallBegin', 'exit', 'video off', 'audio off', 'onCallEnd hangup'])
  expect(calls.current).toBeUndefined()
})

test('one who is called enters when it accepts; an audio call opens no camera until it becomes a video call', async () => {
  const { calls, log } = await stage()
  newest().say({ method: 'call.ringing', params: { call: callOf('ben', 'ringing', 'audio') } })
  expect(calls.ringing).toHaveLength(1)
  const accepting = calls.accept()
  expect(lastSent()).toMatchObject({ method: 'call.accept', params: { callId: 'c' } })
  newest().say({ id: lastSent().id, result: { call: callOf('ben', 'accepted', 'audio', 7) } })
  await accepting
  expect(log).toEqual(['onCallReceived', 'onCallBegin', 'enter call_1 anna sig', 'audio on'])
  newest().say({ method: 'call.changed', params: { call: callOf('ben', 'accepted', 'video', 7) } })
  newest().say({ method: 'call.changed', params: { call: callOf('ben', 'accepted', 'audio', 7) } })
  expect(log.slice(4)).toEqual(['video on', 'video off'])
})

test('a rejected call is over on this device, with nothing entered', async () => {
  const { calls, log } = await stage()
  newest().say({ method: 'call.ringing', params: { call: callOf('ben', 'ringing') } })
  const rejecting = calls.reject(undefined, 'later')
  expect(lastSent()).toMatchObject({ method: 'call.reject', params: { callId: 'c', reason: 'later' } })
  newest().say({ id: lastSent().id, result: {} })
  await rejecting
  expect(log).toEqual(['onCallReceived', 'onCallEnd reject'])
})

test('without autoCapture the page opens its devices itself', async () => {
  const { calls, log } = await stage({ autoCapture: false })
  const calling = calls.call({ userId: 'ben' })
  newest().say({ id: lastSent().id, result: { call: callOf('anna', 'accepted') } })
  await calling
  expect(log).toEqual(['enter call_1 anna sig'])
})

test('a room that cannot be entered ends the call, and says why', async () => {
  const { calls, log, refuse } = await stage()
  refuse()
  const calling = calls.call({ userId: 'ben' })
  newest().say({ id: lastSent().id, result: { call: callOf('anna', 'accepted') } })
  await calling
  await settle()
  expect(log).toContain('onError')
  expect(lastSent()).toMatchObject({ method: 'call.hangup', params: { callId: 'c' } })
})

test('refusals carry the code of the server; wrong arguments and a busy page are refused without asking', async () => {
  const { calls, room } = await stage()
  const calling = calls.call({ userId: 'ben' })
  newest().say({
    id: lastSent().id,
    error: { code: -32000, message: 'This user is in another call.', data: { code: 'LINE_BUSY' } },
  })
  await expect(calling).rejects.toMatchObject({ code: 'LINE_BUSY' })
  const asked = newest().sent.length
  await expect(calls.call({ userId: 'a b' })).rejects.toMatchObject({ code: 'BAD_USER_ID' })
  await expect(calls.groupCall({ userIds: [] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(calls.accept()).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' })
  room.connectionState = 'connected'
  await expect(calls.call({ userId: 'ben' })).rejects.toMatchObject({ code: 'ALREADY_IN_ROOM' })
  expect(newest().sent.length).toBe(asked)
})

test('a wrong signature rejects online', async () => {
  const calls = new Calls(['ws://host/signal'], (await stage()).room)
  const online = calls.online({ userId: 'anna', userSig: 'wrong' })
  newest().onopen?.()
  newest().say({
    id: newest().sent[0]!.id,
    error: { code: -32000, message: 'Wrong.', data: { code: 'USER_SIG_INVALID' } },
  })
  await expect(online).rejects.toMatchObject({ code: 'USER_SIG_INVALID' })
  await expect(calls.call({ userId: 'ben' })).rejects.toMatchObject({ code: 'NOT_ONLINE' })
})
