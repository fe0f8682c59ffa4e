import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { FakeWx } from '../testing/fake-wx.js'
import { FakeRoomServer, member } from '../testing/room-server.js'
import { Client, type ClientEvents } from './client.js'

const EVENTS = [
  'stream-added',
  'stream-removed',
  'update-url',
  'video-rotation',
  'mute-audio',
  'unmute-audio',
  'mute-video',
  'unmute-video',
  'publish-live',
  'push-again',
  'push-ended',
  'message',
  'error',
  'token-privilege-will-expire',
  'token-privilege-did-expire',
] as const satisfies readonly (keyof ClientEvents)[]

const me = { roomId: 100, userId: 'me', userSig: 'sig' }
let server: FakeRoomServer
let wx: FakeWx
let client: Client
let told: [string, unknown][]

beforeEach(() => {
  vi.useFakeTimers()
  server = new FakeRoomServer()
  wx = new FakeWx(server)
  vi.stubGlobal('wx', wx.api())
  client = new Client({ server: 'https://room.test' })
  told = []
  for (const name of EVENTS) client.on(name, (detail) => told.push([name, detail]))
})

afterEach(() => {
  client.destroy()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

test('join resolves with the id, publish with the address of the membership', async () => {
  expect(await client.join(me)).toBe('me')
  expect(await client.publish()).toBe('rtmp://room.test:1935/r/push0')
  expect(wx.urls).toEqual(['wss://room.test/signal?room=100'])
})

test('a stream is told, subscribed to, muted and gone', async () => {
  await client.join(me)
  server.list([member('a')])
  await settle()
  expect(await client.subscribe('a')).toEqual({ url: 'rtmp://room.test:1935/r/a-main', rotation: 0 })
  server.list([member('a', { hasAudio: false, hasVideo: false })])
  server.list([member('a', { hasAudio: true, hasVideo: true })])
  server.list([])
  await settle()
  const stream = { uid: 'a', streamType: 'main', hasAudio: true, hasVideo: true }
  expect(told).toEqual([
    ['stream-added', stream],
    ['mute-audio', { uid: 'a' }],
    ['mute-video', { uid: 'a' }],
    ['unmute-audio', { uid: 'a' }],
    ['unmute-video', { uid: 'a' }],
    ['stream-removed', stream],
  ])
  await expect(client.subscribe('a')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
})

test('a stream is told when something of it is live, and the lower layer never', async () => {
  await client.join(me)
  server.list([member('a', { hasAudio: false, hasVideo: false }, { streamType: 'small' })])
  await settle()
  expect(told).toEqual([])
})

test('a player that gives up is given the other protocol, a changed address is told', async () => {
  await client.join(me)
  server.list([member('a')])
  await settle()
  await client.subscribe('a')
  client.updatePlayerStateChange('a', { code: -2301 })
  server.list([member('a', { token: 'new' })])
  await settle()
  expect(told.slice(1)).toEqual([
    ['update-url', { uid: 'a', streamType: 'main', url: 'http://room.test:8080/r/a-main.flv' }],
    ['update-url', { uid: 'a', streamType: 'main', url: 'http://room.test:8080/r/new.flv' }],
  ])
  client.unsubscribe('a')
  client.updatePlayerStateChange('a', { code: -2301 })
  expect(told).toHaveLength(3)
})

test('a rotation is reported, and known to later subscribers', async () => {
  await client.join(me)
  server.list([member('a')])
  server.notify('media.rotation', { userId: 'a', streamType: 'main', rotation: 90 })
  await settle()
  expect(told).toContainEqual(['video-rotation', { uid: 'a', streamType: 'main', rotation: 90 }])
  expect(await client.subscribe('a')).toMatchObject({ rotation: 90 })
})

test('the push is begun again after -1307 only while the page publishes', async () => {
  await client.join(me)
  client.updatePusherStateChange({ code: -1307 })
  await settle(1000)
  expect(told).toEqual([])
  const url = await client.publish()
  client.updatePusherStateChange({ code: -1307 })
  await settle(200)
  expect(told).toEqual([['push-again', { url }]])
  server.notify('media.published', { streamType: 'main', state: 'live', hasAudio: true, hasVideo: false })
  await settle()
  expect(told.at(-1)).toEqual(['publish-live', { hasAudio: true, hasVideo: false }])
  await client.unpublish()
  client.updatePusherStateChange({ code: -1307 })
  await settle(60_000)
  expect(told).toHaveLength(2)
  expect(server.paramsOf('media.unpublish')).toEqual([{ streamType: 'main' }])
})

test('a session that was lost and entered anew pushes to its new address', async () => {
  await client.join(me)
  await client.publish()
  server.push = 'rtmp://room.test:1935/r/push9'
  server.cut({ forgets: true })
  await settle(1000)
  expect(told).toEqual([['push-again', { url: 'rtmp://room.test:1935/r/push9' }]])
})

test('at another node of a cluster push and plays begin again, with the same addresses', async () => {
  await client.join(me)
  const url = await client.publish()
  server.list([member('a')])
  await settle()
  const play = await client.subscribe('a')
  told.length = 0
  server.isAnotherNode = true
  server.cut({ forgets: false })
  await settle(1000)
  expect(told).toEqual([
    ['update-url', { uid: 'a', streamType: 'main', url: play.url }],
    ['push-again', { url }],
  ])
})

test('a push that the server refuses is ended with its reason', async () => {
  await client.join(me)
  await client.publish()
  const refused = { streamType: 'main', state: 'refused', hasAudio: false, hasVideo: false, reason: 'No' } as const
  server.notify('media.published', refused)
  await settle()
  expect(told).toEqual([['push-ended', { reason: 'No' }]])
})

test('mute answers what to set on the player', () => {
  expect(client.mute('a', 'audio')).toEqual({ muted: true, muteVideo: false })
  expect(client.mute('a', 'video')).toEqual({ muted: true, muteVideo: true })
  expect(client.unmute('a')).toEqual({ muted: false, muteVideo: false })
})

test('muteLocal is told to the server, each kind by itself', async () => {
  await client.join(me)
  await client.publish()
  client.muteLocal('audio')
  client.muteLocal('video')
  client.unmuteLocal()
  await settle()
  expect(server.paramsOf('media.state')).toEqual([
    { audio: false, video: true, streamType: 'main' },
    { audio: false, video: false, streamType: 'main' },
    { audio: true, video: true, streamType: 'main' },
  ])
})

test('renewToken, the warning before and the end after the signature', async () => {
  await client.join(me)
  expect(await client.renewToken('new')).toBe(2_000_000_000_000)
  expect(server.paramsOf('room.renew')).toEqual([{ userSig: 'new' }])
  server.notify('room.expiring', { expiresAt: 5 })
  server.notify('room.closed', { reason: 'expired' })
  await settle()
  expect(told.map(([name]) => name)).toEqual(['token-privilege-will-expire', 'token-privilege-did-expire', 'error'])
})

test('rejoin reports only what the page does not know yet', async () => {
  await client.join(me)
  server.list([member('a'), member('b')])
  await settle()
  server.users = [member('b'), member('c')]
  const known = told.map(([, stream]) => stream as ClientEvents['stream-added'])
  told = []
  await client.rejoin(me, known)
  await settle()
  expect(told.map(([name, detail]) => [name, (detail as { uid: string }).uid])).toEqual([
    ['stream-removed', 'a'],
    ['stream-added', 'c'],
  ])
  expect(await client.subscribe('b')).toMatchObject({ url: 'rtmp://room.test:1935/r/b-main' })
})

test('roles, messages, mixed sound and any other request', async () => {
  await client.join({ ...me, role: 'audience' })
  await client.setRole('anchor')
  expect(await client.sendMessage('hi')).toMatch(/^m/)
  expect(await client.mix(['a'])).toBe('rtmp://room.test:1935/r/mix')
  await client.request('room.kick', { userId: 'a' })
  expect(server.paramsOf('room.kick')).toEqual([{ userId: 'a' }])
  server.notify('message.received', { messageId: '1', from: 'a', to: null, kind: 'text', data: 'x', at: 1 })
  await settle()
  expect(told).toMatchObject([['message', { data: 'x' }]])
})

test('reports go to the server', async () => {
  await client.join(me)
  client.updatePusherNetStatus({ info: { videoBitrate: 1 } })
  client.updatePlayerNetStatus('a', { info: { videoFPS: 2 } })
  await settle()
  expect(server.paramsOf('media.report')).toEqual([
    { direction: 'publish', netstatus: { videoBitrate: 1 } },
    { direction: 'play', userId: 'a', netstatus: { videoFPS: 2 } },
  ])
})

test('the whole list, the state of the connection and what the server says are told as they are', async () => {
  const seen: [string, unknown][] = []
  for (const name of ['user-list', 'connection-state-change', 'notification'] as const)
    client.on(name, (detail) => seen.push([name, detail]))
  await client.join(me)
  server.list([member('a')])
  server.notify('room.muted', { userId: 'me', kind: 'audio', muted: true, by: 'a' })
  await settle()
  expect(seen).toContainEqual(['user-list', { users: [member('a')] }])
  expect(seen).toContainEqual(['connection-state-change', { state: 'connected' }])
  expect(seen.at(-1)).toMatchObject([
    'notification',
    { method: 'room.muted', params: { userId: 'me', kind: 'audio', muted: true, by: 'a' } },
  ])
})

test('a page that is shown again pushes again while it publishes; after destroy nothing is told', async () => {
  await client.join(me)
  client.pageShown()
  expect(told).toEqual([])
  const url = await client.publish()
  client.pageShown()
  expect(told).toEqual([['push-again', { url }]])
  client.destroy()
  server.list([member('a')])
  await settle()
  expect(told).toHaveLength(1)
  expect(server.paramsOf('room.leave')).toHaveLength(1)
})

test('a refusal at the door rejects join and is told as an error', async () => {
  server.refuse.set('room.enter', 'USER_SIG_INVALID')
  await expect(client.join(me)).rejects.toMatchObject({ code: 'USER_SIG_INVALID' })
  expect(told).toMatchObject([['error', { code: 'USER_SIG_INVALID' }]])
})

test('outside a room calls reject with a sentence, and a second join is refused', async () => {
  await expect(client.publish()).rejects.toMatchObject({ code: 'NOT_ENTERED' })
  await client.join(me)
  await expect(client.join(me)).rejects.toMatchObject({ code: 'ALREADY_ENTERED' })
  client.leave()
  expect(await client.join(me)).toBe('me')
})

test('a listener that throws does not harm the others', async () => {
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const seen: string[] = []
  client.on('stream-added', () => {
    throw new Error('of the app')
  })
  client.on('stream-added', ({ uid }) => seen.push(uid))
  await client.join(me)
  server.list([member('a')])
  await settle()
  expect(seen).toEqual(['a'])
  expect(complaint).toHaveBeenCalledOnce()
})
