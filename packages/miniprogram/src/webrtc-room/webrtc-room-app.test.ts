// @vitest-environment jsdom

import { expect, test } from 'vitest'

import { FakeRoomServer, member } from '../testing/room-server.js'
import { useRoomStage } from '../testing/room-stage.js'
import { PLAYER_EVENTS, PUSHER_EVENTS } from '../tags/attributes.js'
import { messageCases } from './webrtc-room.cases.js'

const room = useRoomStage()

test('stop leaves, switches the camera off and forgets the network', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, players, wx, settle } = await room.enter({ server })
  room.call('stop')
  await settle()
  expect([pushers, players, wx.networkListeners]).toEqual([[], [], 0])
  expect(wx.calls).toEqual(['pusher', 'web1'].map((tag) => ({ tag, method: 'stop' })))
  expect(server.paramsOf('room.leave')).toHaveLength(1)
  expect(room.roomCodes()).not.toContain(-10)
})

test('detached leaves', async () => {
  const { server } = await room.enter()
  room.stage.close()
  expect(server.paramsOf('room.leave')).toHaveLength(1)
})

test('start while in a room leaves it and enters the one of the properties', async () => {
  const { server, set, settle } = await room.enter()
  set({ roomID: '200' })
  room.call('start')
  await settle()
  expect(server.paramsOf('room.enter')).toMatchObject([{ roomId: 100 }, { roomId: 200 }])
})

test('pause and resume reach the pusher and every player, and a paused push is not begun again', async () => {
  const server = new FakeRoomServer()
  server.users = [member('a'), member('b')]
  const { wx, settle } = await room.enter({ server })
  room.call('pause')
  expect(wx.calls).toEqual(['pusher', 'a', 'b'].map((tag) => ({ tag, method: 'pause' })))
  server.notify('media.published', { streamType: 'main', state: 'stalled', hasAudio: false, hasVideo: false })
  await settle(10_000)
  room.call('resume')
  expect(wx.calls.slice(3)).toEqual(['pusher', 'a', 'b'].map((tag) => ({ tag, method: 'resume' })))
})

test('switchCamera reaches the pusher', async () => {
  const { wx } = await room.enter()
  room.call('switchCamera')
  expect(wx.calls).toEqual([{ tag: 'pusher', method: 'switchCamera' }])
})

test('enableVideo masks one picture and plays on when it is shown again', async () => {
  const server = new FakeRoomServer()
  server.users = [member('a'), member('b')]
  const { component, wx, players, settle } = await room.enter({ server })
  room.call('enableVideo', false, 'a')
  await settle()
  expect(component.data).toMatchObject({ tiles: [{ masked: true }, { masked: false }] })
  expect(players).toHaveLength(2)
  room.call('enableVideo', true, 'a')
  await settle()
  expect(component.data).toMatchObject({ tiles: [{ masked: false }, { masked: false }] })
  expect(wx.calls).toEqual([{ tag: 'a', method: 'play' }])
})

test('enableAudio silences one player', async () => {
  const server = new FakeRoomServer()
  server.users = [member('a'), member('b')]
  const { player, settle } = await room.enter({ server })
  room.call('enableAudio', false, 'b')
  await settle()
  expect([player('a').data['muted'], player('b').data['muted']]).toEqual([false, true])
  room.call('enableAudio', true, 'b')
  await settle()
  expect(player('b').data['muted']).toBe(false)
})

test('enableCamera and enableMicrophone switch the pusher and tell the others', async () => {
  const { pushers, server, settle } = await room.enter()
  room.call('enableCamera', false)
  room.call('enableMicrophone', false)
  await settle()
  expect(pushers[0]?.data).toMatchObject({ enableCamera: false, enableMic: false, muted: true })
  expect(server.paramsOf('media.state').at(-1)).toEqual({ audio: false, video: false, streamType: 'main' })
  room.call('enableCamera', true)
  await settle()
  expect(pushers[0]?.data).toMatchObject({ enableCamera: true })
})

test.each(messageCases)('$method', async ({ method, parameters, sent }) => {
  const { server, settle } = await room.enter()
  const answers: unknown[] = []
  room.call(method, ...parameters, (answer: unknown) => answers.push(answer))
  await settle()
  expect(server.paramsOf('message.send')).toEqual([sent])
  expect(answers).toEqual([{ messageId: expect.any(String) as string }])
})

test.each(messageCases)('$method outside a room tells its failure', async ({ method, parameters }) => {
  await room.open()
  const failures: unknown[] = []
  room.call(method, ...parameters, undefined, (failure: unknown) => failures.push(failure))
  expect(failures).toMatchObject([{ code: 'NOT_ENTERED' }])
})

test('IMEvents: login, group, connection, messages to all and to this user', async () => {
  const { server, details, settle } = await room.enter({ properties: { enableIM: true } })
  const text = { messageId: 'm1', from: 'bob', to: null, kind: 'text', data: 'hi', at: 1_700_000_000_500 } as const
  server.notify('message.received', text)
  server.notify('message.received', {
    ...text,
    messageId: 'm2',
    to: 'me',
    kind: 'custom',
    data: '{"data":"d","ext":"e"}',
  })
  await settle()
  server.cut({ forgets: false })
  await settle(1000)
  const events = details('IMEvent') as { tag: string; code: number; detail: unknown }[]
  expect(events.map(({ tag, code }) => [tag, code])).toEqual([
    ['connection_event', 0],
    ['login_event', 0],
    ['group_system_notifys', 6],
    ['join_group_event', 0],
    ['big_group_msg_notify', 0],
    ['msg_notify', 0],
    ['connection_event', -1],
    ['connection_event', 0],
  ])
  expect(events[4]?.detail).toEqual([
    { id: 'm1', fromAccount: 'bob', toAccount: '100', isGroup: true, time: 1_700_000_000, type: 'text', content: 'hi' },
  ])
  expect(events[5]?.detail).toMatchObject([{ isGroup: false, content: 'd', custom: { data: 'd', ext: 'e', desc: '' } }])
})

test('IMEvents: a group that was there is not made, its owner changes, and leaving it is told', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { details, settle } = await room.enter({ server, properties: { enableIM: true } })
  server.notify('room.roleChanged', { userId: 'web1', role: 'owner' })
  await settle()
  room.call('stop')
  await settle()
  expect(details('IMEvent')).toMatchObject([
    { tag: 'connection_event', code: 0 },
    { tag: 'login_event', code: 0 },
    { tag: 'join_group_event', code: 0, detail: '100' },
    { tag: 'group_info_change_notify', code: 0, detail: { GroupId: '100', OwnerAccount: 'web1' } },
    { tag: 'group_system_notifys', code: 8 },
  ])
})

test('IMEvents: a refused member hears error with the code of the RoomEvent', async () => {
  const server = new FakeRoomServer()
  server.refuse.set('room.enter', 'USER_SIG_EXPIRED')
  const { details } = await room.enter({ server, properties: { enableIM: true } })
  const events = details('IMEvent') as { tag: string; code: number }[]
  expect(events.filter(({ tag }) => tag !== 'connection_event')).toMatchObject([{ tag: 'error', code: -9 }])
})

test('without enableIM no IMEvent comes', async () => {
  const { server, details, settle } = await room.enter()
  server.notify('message.received', { messageId: 'm', from: 'b', to: null, kind: 'text', data: 'x', at: 1 })
  await settle()
  expect(details('IMEvent')).toEqual([])
})

test.each([[[5000]], [[5001]], [[5000, 5001]]])('%j leaves, and the shown page enters again', async (codes) => {
  const { server, pushers, component, settle } = await room.enter()
  const [pusher] = pushers
  for (const code of codes) pusher?.triggerEvent('statechange', { code, message: '' })
  await settle()
  expect([pushers, server.paramsOf('room.leave').length]).toEqual([[], 1])
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  await settle()
  expect(server.paramsOf('room.enter')).toHaveLength(2)
  expect(pushers).toHaveLength(1)
})

test('a page that is shown again pushes again; one that was left does not', async () => {
  const { wx, component, settle } = await room.enter()
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  expect(wx.calls.map(({ method }) => method)).toEqual(['stop', 'start'])
  room.call('stop')
  await settle()
  const before = wx.calls.length
  component.triggerPageLifeTime('show')
  await settle()
  expect(wx.calls).toHaveLength(before)
})

test.each(PUSHER_EVENTS)('event %s of the pusher is forwarded as pusherevent', async (type) => {
  const { pushers, details } = await room.enter()
  pushers[0]?.triggerEvent(type, { code: 1005 })
  expect(details('pusherevent')).toEqual([{ type, detail: { code: 1005 } }])
})

test.each(PLAYER_EVENTS)('event %s of a player is forwarded as playerevent, with its user', async (type) => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { player, details } = await room.enter({ server })
  player('web1').triggerEvent(type, { code: 2009 })
  expect(details('playerevent')).toEqual([{ type, userID: 'web1', detail: { code: 2009 } }])
})

test('the tags are names in DevTools, while signaling and the member list work', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, players, component } = await room.enter({ server, platform: 'devtools' })
  expect([pushers, players]).toEqual([[], []])
  expect(room.pusherCodes()).toContain(1020)
  expect(component.dom.innerHTML).toContain('WeChat DevTools has no live-pusher')
  expect(component.dom.innerHTML).toContain('web1')
})

test('LiteAV’s measurements reach the app each time and the server rarely', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, player, details, settle } = await room.enter({ server })
  for (let second = 0; second < 12; second += 2) {
    pushers[0]?.triggerEvent('netstatus', { info: { videoBitrate: 300, nested: {} } })
    player('web1').triggerEvent('netstatus', { info: { videoFPS: 15 } })
    await settle(2000)
  }
  expect(details('netstatus')).toHaveLength(12)
  const publish = { direction: 'publish', netstatus: { videoBitrate: 300 } }
  const play = { direction: 'play', userId: 'web1', netstatus: { videoFPS: 15 } }
  expect(server.paramsOf('media.report')).toEqual([publish, play, publish, play])
})

test('the owner’s requests and answers use requests and notifications', async () => {
  const { server, details, settle } = await room.enter()
  server.notify('mic.requested', { userId: 'web1', userName: 'Web' })
  await settle()
  expect(details('notification')).toContainEqual({
    method: 'mic.requested',
    params: { userId: 'web1', userName: 'Web' },
  })
  await expect(room.call('request', 'mic.answer', { userId: 'web1', accept: true })).resolves.toEqual({})
  expect(server.paramsOf('mic.answer')).toEqual([{ userId: 'web1', accept: true }])
  server.refuse.set('room.kick', 'ROLE_FORBIDDEN')
  await expect(room.call('request', 'room.kick', { userId: 'web1' })).rejects.toMatchObject({ code: 'ROLE_FORBIDDEN' })
})

test('an audience has no pusher until it may link its microphone', async () => {
  const server = new FakeRoomServer()
  server.push = undefined
  const { pushers, settle } = await room.enter({ server, properties: { role: 'audience' } })
  expect(pushers).toEqual([])
  server.notify('room.roleChanged', { userId: 'me', role: 'anchor', by: 'owner' })
  await settle()
  expect(pushers.map(({ data }) => data['url'])).toEqual(['rtmp://room.test:1935/r/push2'])
  server.notify('room.roleChanged', { userId: 'me', role: 'audience', by: 'owner' })
  await settle()
  expect(pushers).toEqual([])
})

test('two rooms in one app do not know of each other', async () => {
  const first = await room.enter()
  const second = await room.enter({ properties: { userID: 'other' } })
  second.server.list([member('web9')])
  await second.settle()
  expect(first.players).toEqual([])
  expect(second.players.map(({ id }) => id)).toEqual(['web9'])
  first.close()
})

test('a room that is recorded is marked from the entry on, and until the recording ends', async () => {
  const server = new FakeRoomServer()
  server.isRecorded = true
  const { component, details, settle } = await room.enter({ server })
  const told = () => details('RoomEvent').filter((event) => (event as { code: unknown }).code === 'RECORDING')
  const mark = () => component.dom.querySelector('[class*=recording]')?.textContent ?? ''
  expect(mark()).toMatch(/录制中 Recording/)
  expect(told()).toEqual([{ tag: 'ok', code: 'RECORDING', detail: 'on' }])
  server.notify('room.recording', { recording: false })
  await settle()
  expect(mark()).toBe('')
  server.notify('room.recording', { recording: true })
  await settle()
  expect(mark()).toMatch(/录制中 Recording/)
  room.call('stop')
  await settle()
  expect(mark()).toBe('')
  expect(told().map((event) => (event as { detail: string }).detail)).toEqual(['on', 'off', 'on'])
})
