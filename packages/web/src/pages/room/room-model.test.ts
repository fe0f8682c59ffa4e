import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { codedError, fakeClient, fakeClientClass, userCalled, type FakeClient } from './client.fake.js'
import { ASK_MS } from './link-mic.js'
import { RoomModel } from './room-model.js'

let client: FakeClient
let model: RoomModel
const anna = { roomId: 'lobby', userId: 'anna-1', name: 'Anna', role: 'anchor' } as const

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"sdkAppId":7,"userSig":"sig","privateMapKey":"key"}')))
  client = fakeClient()
  model = new RoomModel(client, fakeClientClass)
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const enters = (): string[] => client.calls.filter((call) => call.startsWith('enterRoom'))

test('entering asks the server for credentials and gives them to the SDK', async () => {
  await model.enter(anna)
  expect(JSON.parse(enters()[0]!.slice('enterRoom '.length))).toEqual([
    {
      roomId: 'lobby',
      userId: 'anna-1',
      userName: 'Anna',
      role: 'anchor',
      sdkAppId: 7,
      userSig: 'sig',
      privateMapKey: 'key',
    },
  ])
  expect(model.phase.value.kind).toBe('inside')
  expect(model.isOwner.value).toBe(true)
})

test('an invitation with credentials is used as it is', async () => {
  const fetch = vi.fn()
  vi.stubGlobal('fetch', fetch)
  await model.enter({ ...anna, credentials: { userSig: 'mine' } })
  expect(enters()[0]).toContain('"userSig":"mine"')
  expect(fetch).not.toHaveBeenCalled()
})

test('a server that gives no credentials is entered without', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('no', { status: 404 })))
  await model.enter(anna)
  expect(enters()[0]).not.toContain('userSig')
  expect(model.phase.value.kind).toBe('inside')
})

test('a refusal is explained in the page’s words, an unknown one in the server’s', async () => {
  client.failures.set('enterRoom', codedError('ROOM_FULL'))
  await model.enter(anna)
  expect(model.phase.value).toEqual({ kind: 'outside', failure: 'The room is full.' })
  client.failures.set('enterRoom', codedError('SOMETHING_NEW'))
  await model.enter(anna)
  expect(model.phase.value).toEqual({ kind: 'outside', failure: 'sentence of SOMETHING_NEW' })
})

test('people are oneself and the others, tiles are screens first', async () => {
  await model.enter(anna)
  client.emit('user-list', {
    users: [userCalled('ben', { kind: 'rtmp', role: 'device' }), userCalled('cy', { hasScreen: true })],
  })
  expect(model.people.value.map(({ userId, kind, isSelf }) => [userId, kind, isSelf])).toEqual([
    ['anna-1', 'browser', true],
    ['ben', 'device', false],
    ['cy', 'browser', false],
  ])
  expect(model.tiles.value.map(({ key }) => key)).toEqual(['cy/aux', 'anna-1/main', 'ben/main', 'cy/main'])
})

test('the chat counts unread messages, and shows every message once', async () => {
  await model.enter(anna)
  client.emit('user-list', { users: [userCalled('ben', { userName: 'Ben' })] })
  const message = { messageId: 'x', from: 'ben', to: null, kind: 'text', data: 'hello', at: 5 } as const
  client.emit('message', message)
  client.emit('message', message)
  client.emit('message', { ...message, messageId: 'y', kind: 'custom', data: { a: 1 } })
  expect(model.chat.lines.value.map(({ name, text, isOwn }) => [name, text, isOwn])).toEqual([['Ben', 'hello', false]])
  // Nobody of the audience is in the list.
  client.emit('message', { ...message, messageId: 'z', from: 'dora-7f', fromName: 'Dora', data: 'hey' })
  expect(model.chat.lines.value.at(-1)).toMatchObject({ userId: 'dora-7f', name: 'Dora', text: 'hey' })
  expect(model.chat.unread.value).toBe(2)
  model.chat.setOpen(true)
  expect(model.chat.unread.value).toBe(0)
  expect(await model.say(' hi ')).toBe(true)
  expect(model.chat.lines.value.at(-1)).toMatchObject({ text: 'hi', isOwn: true, name: 'Anna' })
  expect(await model.say('   ')).toBe(false)
})

test('a message that did not go out stays with its writer', async () => {
  await model.enter(anna)
  client.failures.set('sendMessage', codedError('TOO_MANY_REQUESTS'))
  expect(await model.say('hi')).toBe(false)
  expect(model.notices.list.value.map(({ text }) => text)).toEqual(['Too many requests. Please wait a moment.'])
  vi.advanceTimersByTime(10_000)
  expect(model.notices.list.value).toEqual([])
})

test('a removed member is told why, and every device is released', async () => {
  await model.enter(anna)
  client.emit('kicked-out', { reason: 'kicked', message: 'The owner did it.' })
  expect(model.phase.value).toEqual({ kind: 'out', reason: 'kicked', message: 'The owner did it.' })
  expect(model.people.value).toEqual([])
  expect(client.calls).toContain('stopLocalVideo')
})

test('the owner sees each request to speak once, until it is answered', async () => {
  await model.enter(anna)
  client.emit('mic-requested', { userId: 'dan', userName: 'Dan' })
  client.emit('mic-requested', { userId: 'dan', userName: 'Dan' })
  client.emit('mic-requested', { userId: 'eve', userName: '' })
  expect(model.mic.requests.value).toEqual([
    { userId: 'dan', name: 'Dan' },
    { userId: 'eve', name: 'eve' },
  ])
  await model.mic.answer('dan', true)
  expect(client.calls).toContain('answerMic ["dan",true]')
  expect(model.mic.requests.value.map(({ userId }) => userId)).toEqual(['eve'])
})

test('a member that asks to speak waits for the answer', async () => {
  await model.enter({ ...anna, role: 'audience' })
  await model.mic.ask()
  expect(model.mic.isAsking.value).toBe(true)
  client.emit('mic-answered', { accepted: true })
  client.emit('role-changed', { userId: 'anna-1', role: 'anchor' })
  expect(model.mic.isAsking.value).toBe(false)
  expect(model.maySend.value).toBe(true)
})

test('a member that returns to the audience sends nothing', async () => {
  await model.enter(anna)
  await model.local.setCamera(true)
  client.emit('role-changed', { userId: 'anna-1', role: 'audience' })
  await vi.waitFor(() => expect(client.calls).toContain('stopLocalVideo'))
  expect(model.local.camera.value).toBe('off')
})

test('the worse way of the two is what the bars show, and it goes with its owner', async () => {
  await model.enter(anna)
  client.emit('network-quality', { userId: 'ben', uplink: 2, downlink: 4 })
  expect(model.quality.value.get('ben')).toBe(4)
  client.emit('remote-user-exit', { userId: 'ben', reason: 'left' })
  expect(model.quality.value.has('ben')).toBe(false)
})

test('sound that the browser holds back is offered once', async () => {
  const resume = vi.fn(() => Promise.resolve())
  client.emit('autoplay-failed', { userId: 'ben', resume })
  await model.playSound()
  expect(resume).toHaveBeenCalledOnce()
  expect(model.resumeSound.value).toBeUndefined()
})

test('an unanswered request to speak expires, and the owner is told', async () => {
  await model.enter({ ...anna, role: 'audience' })
  client.emit('user-list', { users: [userCalled('owner', { role: 'owner' })] })
  await model.mic.ask()
  expect(model.mic.isAsking.value).toBe(true)
  await vi.advanceTimersByTimeAsync(ASK_MS)
  expect(model.mic.isAsking.value).toBe(false)
  expect(client.calls.at(-1)).toBe('withdrawMic')
})

test('only a member muted by the owner is prompted for after it asks to be unmuted', async () => {
  await model.enter(anna)
  const plea = (from: string) =>
    client.emit('message', {
      ...{ messageId: from, from, to: 'anna-1', kind: 'custom', at: 0 },
      data: { crossroom: 'plea', kind: 'audio' },
    })
  client.emit('user-list', { users: [userCalled('ben'), userCalled('cleo')] })
  client.emit('muted', { userId: 'ben', kind: 'audio', muted: true })
  plea('ben')
  plea('ben')
  plea('cleo')
  expect(model.mic.pleas.value.map(({ userId }) => userId)).toEqual(['ben'])
  expect(model.chat.lines.value).toEqual([])
  await model.mic.answerPlea(model.mic.pleas.value[0]!, true)
  expect(client.calls.at(-1)).toBe('mute ["ben","audio",false]')
})

test('a member made audience by the owner can be invited back, and its consent is accepted immediately', async () => {
  await model.enter(anna)
  client.emit('user-list', { users: [userCalled('ben')] })
  await model.mic.remove('ben')
  client.emit('user-list', { users: [] })
  expect(model.mic.madeAudience.value.map(({ userId }) => userId)).toEqual(['ben'])
  await model.mic.offer('ben')
  client.emit('mic-requested', { userId: 'ben', userName: 'Ben' })
  expect(client.calls.at(-1)).toBe('answerMic ["ben",true]')
  expect(model.mic.requests.value).toEqual([])
})
