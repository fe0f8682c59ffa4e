// @vitest-environment jsdom

import { errorCodes, type ErrorCode } from '@crossroom/protocol'
import { expect, test } from 'vitest'

import { FakeRoomServer, member } from '../testing/room-server.js'
import { useRoomStage } from '../testing/room-stage.js'
import { properties } from './properties.js'
import {
  closeCases,
  otherProperties,
  propertyCases,
  pusherCodeCases,
  quietPusherCodes,
  refusalCases,
} from './webrtc-room.cases.js'

const room = useRoomStage()

test('start enters the room of the properties and pushes to the address of the server', async () => {
  const { server, wx, pushers } = await room.enter()
  expect(wx.urls).toEqual(['wss://room.test/signal?room=100'])
  expect(server.paramsOf('room.enter')).toMatchObject([
    { protocol: 1, sdkAppId: 1400000000, roomId: 100, userId: 'me', userSig: 'sig', role: 'anchor' },
  ])
  expect(pushers.map(({ data }) => data['url'])).toEqual(['rtmp://room.test:1935/r/push0'])
  expect(pushers[0]?.data).toMatchObject({ autopush: true, mode: 'RTC' })
})

test.each(propertyCases)('property $name = $value', async (row) => {
  const { server, pushers, players, component, wx, settle } = await room.open({ properties: { [row.name]: row.value } })
  server.users = [member('web1')]
  room.call('start')
  await settle()
  if (row.url) expect(wx.urls).toEqual([row.url])
  if (row.entry) expect(server.paramsOf('room.enter')).toMatchObject([row.entry])
  if (row.pusher) expect(pushers[0]?.data).toMatchObject(row.pusher)
  if (row.player) expect(players[0]?.data).toMatchObject(row.player)
  if (row.view) expect(component.data).toMatchObject(row.view)
  if (row.state) expect(server.paramsOf('media.state')).toMatchObject([row.state])
})

test('every property has a row or a test of its own', () => {
  const tested = new Set([...propertyCases.map(({ name }) => name), ...otherProperties])
  expect(Object.keys(properties).filter((name) => !tested.has(name))).toEqual([])
  expect([...tested].filter((name) => !(name in properties))).toEqual([])
})

test.each(propertyCases.filter(({ nothing }) => nothing))(
  'property $name is taken and changes nothing',
  async (row) => {
    const lives: unknown[] = []
    for (const properties of [{}, { [row.name]: row.value }]) {
      const server = new FakeRoomServer()
      server.users = [member('web1')]
      const { component, pushers, players } = await room.enter({ server, properties })
      expect(component.data).toMatchObject(properties)
      const views = [...pushers, ...players].map(({ data }) => ({ ...data }))
      lives.push([server.requests, views, (component.data as Record<string, unknown>)['tiles']])
      room.stage.close()
    }
    expect(lives[1]).toEqual(lives[0])
  },
)

test('property debug shows what LiteAV measures', async () => {
  const { pushers, component, set, settle } = await room.enter()
  const text = (): string => component.dom.textContent
  pushers[0]?.triggerEvent('netstatus', { info: { videoBitrate: 271 } })
  await settle()
  expect(text()).not.toContain('271')
  set({ debug: true })
  pushers[0]?.triggerEvent('netstatus', { info: { videoBitrate: 272 } })
  await settle()
  expect(text()).toContain('"videoBitrate":272')
})

test('an app learns of members through the codes of its cloud’s pusher: 1018, 1031, 1020, 1033, 1034', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { details, settle } = await room.enter({ server })
  expect(room.pusherCodes()).toEqual([1018, 1031, 1020, 1033, 1034])
  expect(details('RoomEvent')[0]).toMatchObject({ tag: 'ok', code: 11 })
  server.list([])
  await settle()
  expect(room.pusherCodes().slice(5)).toEqual([1033, 1034, 1032, 1020])
})

test.each(propertyCases.filter(({ pusher }) => pusher))('property $name set during the call', async (row) => {
  const { set, pushers, settle } = await room.enter()
  set({ [row.name]: row.value })
  await settle()
  expect(pushers[0]?.data).toMatchObject(row.pusher!)
})

test.each(pusherCodeCases)('pusher $code', async ({ code, message, event, inRoom }) => {
  const { details, server, pushers } = await room.enter()
  await room.pusherSays(code, message)
  expect(details('RoomEvent')).toContainEqual(event)
  expect(details('statechange')).toContainEqual({ code, message })
  expect(server.paramsOf('room.leave').length).toBe(inRoom ? 0 : 1)
  expect(pushers.length).toBe(inRoom ? 1 : 0)
})

test.each(quietPusherCodes)('pusher %d is passed on and changes nothing', async (code) => {
  const { details, pushers, wx, settle } = await room.enter()
  const before = details('RoomEvent').length
  await room.pusherSays(code)
  await settle(60_000)
  expect(details('statechange')).toContainEqual({ code, message: '' })
  expect([details('RoomEvent').length, pushers.length, wx.calls]).toEqual([before, 1, []])
})

test.each([
  ['detail', { detail: { errCode: 10001, errMsg: 'camera denied' } }, 'camera denied'],
  ['detail', { detail: { code: 10002 } }, 'The user did not allow the microphone'],
  ['details', { details: { errCode: 10001, errMsg: 'camera denied' } }, 'camera denied'],
])('binderror with its data in e.%s is -7', async (_, data, detail) => {
  const { details } = await room.enter()
  room.call('onPusher', { type: 'error', currentTarget: { dataset: {} }, ...data })
  expect(details('RoomEvent')).toContainEqual({ tag: 'error', code: -7, detail })
})

test.each([-1307, 3004])(
  'pusher %d stops and starts with the same address, and the app hears no error',
  async (code) => {
    const { wx, pushers, settle } = await room.enter()
    await room.pusherSays(code)
    await settle(200)
    expect(wx.calls).toEqual([
      { tag: 'pusher', method: 'stop' },
      { tag: 'pusher', method: 'start' },
    ])
    expect(pushers[0]?.data['url']).toBe('rtmp://room.test:1935/r/push0')
    expect(room.roomCodes()).not.toContain(-6)
  },
)

test('a push that cannot be restored is error -6, and the camera is off', async () => {
  const { pushers, settle } = await room.enter()
  await room.pusherSays(-1307)
  await settle(120_000)
  expect(room.roomCodes()).toContain(-6)
  expect(pushers).toEqual([])
})

test('an address that the phone does not take is error -6 with a sentence, and the camera is off', async () => {
  const { pushers, details, settle } = await room.enter()
  await room.pusherSays(-1313)
  await settle(60_000)
  expect(pushers).toEqual([])
  const detail = expect.stringContaining('address') as string
  expect(details('RoomEvent')).toContainEqual({ tag: 'error', code: -6, detail })
})

test.each(['stalled', 'ended'] as const)('a push that the server calls %s is begun again', async (state) => {
  const { wx, server, settle } = await room.enter()
  server.notify('media.published', { streamType: 'main', state, hasAudio: false, hasVideo: false })
  await settle(200)
  expect(wx.calls.map(({ method }) => method)).toEqual(['stop', 'start'])
})

test('a push that the server refuses is stopped for good, with its reason', async () => {
  const { server, pushers, details, settle } = await room.enter()
  const refused = {
    streamType: 'main',
    state: 'refused',
    hasAudio: false,
    hasVideo: false,
    reason: 'Not allowed',
  } as const
  server.notify('media.published', refused)
  await settle(60_000)
  expect(pushers).toEqual([])
  expect(details('RoomEvent')).toContainEqual({ tag: 'error', code: -6, detail: 'Not allowed' })
})

test('others see this phone when the server says live, and not before', async () => {
  const { server, settle } = await room.enter()
  await room.pusherSays(1002)
  expect(room.roomCodes()).not.toContain('PUBLISH_LIVE')
  server.notify('media.published', { streamType: 'main', state: 'live', hasAudio: true, hasVideo: true })
  await settle()
  expect(room.roomCodes()).toContain('PUBLISH_LIVE')
})

test.each(refusalCases)(
  '$refusal at the door is pusher $pusher and error $event',
  async ({ refusal, pusher, event }) => {
    const server = new FakeRoomServer()
    server.refuse.set('room.enter', refusal)
    const { pushers } = await room.enter({ server })
    await room.stage.settle(20_000)
    expect([room.pusherCodes(), room.roomCodes(), pushers]).toEqual([[pusher], [event], []])
  },
)

/** What the protocol's table says of those that come at the door and stay as they are; 1019 is for who was inside. */
const finalRefusals = (Object.keys(errorCodes) as ErrorCode[])
  .map((refusal) => ({ refusal, ...errorCodes[refusal] }))
  .filter(({ pusher, retryable }) => pusher !== undefined && pusher !== 1019 && !retryable)

test.each(finalRefusals)('$refusal is told with the codes of the table', async ({ refusal, ...facts }) => {
  const server = new FakeRoomServer()
  server.refuse.set('room.enter', refusal)
  const { pushers, details } = await room.enter({ server })
  expect([room.pusherCodes(), pushers, server.paramsOf('room.enter').length]).toEqual([[facts.pusher], [], 1])
  expect(details('RoomEvent')).toEqual([{ tag: 'error', code: facts.roomEvent ?? -11, detail: facts.sentence }])
})

test.each([
  ['server', /"server"/],
  ['userID', /"userID"/],
  ['roomID', /"roomID"/],
])('without %s nothing is connected, and -9 names the property', async (name, sentence) => {
  const { wx, details } = await room.enter({ properties: { [name]: '' } })
  expect(wx.urls).toEqual([])
  expect(details('RoomEvent')).toEqual([{ tag: 'error', code: -9, detail: expect.stringMatching(sentence) as string }])
})

test('a server that is away is error -10 after the deadline, with the camera never on', async () => {
  const server = new FakeRoomServer()
  server.reachable = false
  const { pushers, settle } = await room.enter({ server })
  await settle(30_000)
  expect([room.pusherCodes(), room.roomCodes(), pushers]).toEqual([[1022], [-10], []])
})

test.each(closeCases)(
  'room.closed $reason is 1019 and -10, and the camera is off',
  async ({ reason, im, groupCode }) => {
    const server = new FakeRoomServer()
    server.users = [member('web1')]
    const { pushers, players, details, settle } = await room.enter({ server, properties: { enableIM: true } })
    const before = details('IMEvent').length
    server.notify('room.closed', { reason })
    await settle()
    expect([pushers, players]).toEqual([[], []])
    expect(room.pusherCodes()).toContain(1019)
    expect(room.roomCodes()).toContain(-10)
    const told = details('IMEvent').slice(before) as { tag: string; code: number }[]
    expect(told.map(({ tag }) => tag).filter((tag) => tag !== 'connection_event')).toEqual(im)
    if (groupCode) expect(told.find(({ tag }) => tag === 'group_system_notifys')?.code).toBe(groupCode)
  },
)

test('1021 comes when the server has forgotten the session, and the new address is pushed to', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, settle } = await room.enter({ server })
  server.push = 'rtmp://room.test:1935/r/push9'
  server.cut({ forgets: true })
  await settle(1000)
  expect(room.pusherCodes()).toContain(1021)
  expect(room.roomCodes()).toContain(13)
  expect(pushers.map(({ data }) => data['url'])).toEqual(['rtmp://room.test:1935/r/push9'])
})

test('a resumed session is invisible: same player, same push, no code', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, players, wx, settle } = await room.enter({ server })
  const before = [pushers[0], players[0], room.pusherCodes().length]
  server.cut({ forgets: false })
  await settle(1000)
  expect(server.paramsOf('room.resume')).toHaveLength(1)
  expect([pushers[0] === before[0], players[0] === before[1], room.pusherCodes().length]).toEqual([
    true,
    true,
    before[2],
  ])
  expect(wx.calls).toEqual([])
})

test('at another node of a cluster the push and the players begin again, and no code is told', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, players, wx, settle } = await room.enter({ server })
  const [pusher, player, codes] = [pushers[0], players[0], room.pusherCodes().length]
  server.isAnotherNode = true
  server.cut({ forgets: false })
  await settle(1000)
  expect([pushers[0] === pusher, players[0] === player]).toEqual([true, false])
  expect(players[0]?.data['src']).toBe(player?.data['src'])
  expect(wx.calls.map(({ tag, method }) => `${tag}.${method}`)).toEqual(['pusher.stop', 'pusher.start'])
  expect(room.pusherCodes()).toHaveLength(codes)
})

test('Wi-Fi to 4G asks the server at once instead of waiting for a heartbeat', async () => {
  const { wx, server, settle } = await room.enter()
  await settle(3000)
  wx.changeNetwork()
  await settle(1500)
  expect(server.paramsOf('room.resume')).toHaveLength(1)
})
