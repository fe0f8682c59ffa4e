// @vitest-environment jsdom

import { expect, test } from 'vitest'

import { FakeRoomServer, member } from '../testing/room-server.js'
import { useRoomStage } from '../testing/room-stage.js'
import { defaultsOf, PUSHER_ATTRIBUTES, PUSHER_EVENTS } from '../tags/attributes.js'
import { othersOf } from '../testing/other-attributes.js'

const url = 'room://room.test?sdkappid=1400000000&roomid=100&userid=me&usersig=sig'
const room = useRoomStage('room-pusher', { url, autopush: true })

test('a room address is entered, pushed to the address of the server, and told in the codes of the tag', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, wx } = await room.open({ server })
  await room.stage.settle()
  expect(wx.urls).toEqual(['wss://room.test/signal?room=100'])
  expect(server.paramsOf('room.enter')).toMatchObject([
    { sdkAppId: 1400000000, roomId: 100, userId: 'me', userSig: 'sig' },
  ])
  expect(pushers.map(({ data }) => data['url'])).toEqual(['rtmp://room.test:1935/r/push0'])
  expect(room.pusherCodes()).toEqual([1018, 1031, 1020, 1033, 1034])
})

test('any other address is the tag`s own business', async () => {
  const { pushers, wx } = await room.open({ properties: { url: 'rtmp://cdn.test/live/a' } })
  expect(pushers.map(({ data }) => data['url'])).toEqual(['rtmp://cdn.test/live/a'])
  expect(wx.urls).toEqual([])
})

test('without autopush it waits for start', async () => {
  const { wx, pushers, settle } = await room.open({ properties: { autopush: false } })
  expect(wx.urls).toEqual([])
  room.call('start')
  await settle()
  expect(pushers).toHaveLength(1)
})

test('an address of another cloud needs the server, and is refused with 1022 without it', async () => {
  const foreign = 'room://cloud.tencent.com?sdkappid=1&roomid=100&userid=me&roomsig=x'
  const { details } = await room.open({ properties: { url: foreign } })
  const message = expect.stringMatching(/is not your server/) as string
  expect(details('statechange')).toEqual([{ code: 1022, message }])
  room.stage.close()
  const own = await room.open({ properties: { url: foreign, server: 'ws://10.0.0.2:8080' } })
  expect(own.wx.urls).toEqual(['ws://10.0.0.2:8080/signal?room=100'])
})

test('another address leaves the room and enters the next; an empty one leaves', async () => {
  const { server, set, pushers, settle } = await room.open()
  await settle()
  set({ url: `${url}&tx_time=1` })
  await settle()
  expect(server.paramsOf('room.enter')).toHaveLength(2)
  expect(server.paramsOf('room.leave')).toHaveLength(1)
  set({ url: '' })
  await settle()
  expect([server.paramsOf('room.leave').length, pushers.length]).toEqual([2, 0])
})

test('every attribute reaches the tag, first its default, then what the page sets', async () => {
  const { pushers, set, settle } = await room.open()
  await settle()
  expect(pushers[0]?.data).toMatchObject(defaultsOf(PUSHER_ATTRIBUTES))
  set(othersOf(PUSHER_ATTRIBUTES))
  await settle()
  expect(pushers[0]?.data).toMatchObject(othersOf(PUSHER_ATTRIBUTES))
})

test('pusherAttributes count over the attributes', async () => {
  const { pushers, settle } = await room.open({
    properties: { beauty: 3, pusherAttributes: { beauty: 7, 'video-width': 480 } },
  })
  await settle()
  expect(pushers[0]?.data).toMatchObject({ beauty: 7, videoWidth: 480 })
})

test.each(PUSHER_EVENTS)('event %s of the tag is passed on as it is', async (name) => {
  const { pushers, details, settle } = await room.open()
  await settle()
  pushers[0]?.triggerEvent(name, { code: 1005, any: 'thing' })
  expect(details(name)).toContainEqual({ code: 1005, any: 'thing' })
})

/** LivePusherContext, by WeChat's documentation, but for start and stop, which are the room's. */
const METHODS = [
  ...['pause', 'resume', 'switchCamera', 'snapshot', 'toggleTorch', 'startPreview', 'stopPreview', 'sendMessage'],
  ...['playBGM', 'stopBGM', 'pauseBGM', 'resumeBGM', 'setBGMVolume', 'setMICVolume', 'getMaxZoom', 'setZoom'],
  ...['applyFilter', 'applySticker', 'applyBlusherStickMakeup', 'applyEyeBrowMakeup', 'applyEyeShadowMakeup'],
  ...['applyFaceContourMakeup', 'applyLipStickMakeup', 'clearFilters', 'clearStickers', 'clearMakeups'],
  ...['exitPictureInPicture', 'createOffscreenCanvas', 'onCustomRendererEvent'],
]

test.each(METHODS)('method %s reaches the context of the tag', async (method) => {
  const { wx, settle } = await room.open()
  await settle()
  room.call(method, { quality: 'raw' })
  expect(wx.calls).toEqual([{ tag: 'pusher', method }])
})

test('-1307 is answered by the component; a page that is shown again pushes again', async () => {
  const { wx, component, settle } = await room.open()
  await settle()
  await room.pusherSays(-1307)
  await settle(200)
  component.triggerPageLifeTime('show')
  expect(wx.calls.map(({ method }) => method)).toEqual(['stop', 'start', 'stop', 'start'])
})

test.each([[[5000]], [[5001]], [[5000, 5001]]])('%j leaves, and the shown page enters again, once', async (codes) => {
  const { server, pushers, component, details, settle } = await room.open()
  await settle()
  const [pusher] = pushers
  for (const code of codes) pusher?.triggerEvent('statechange', { code, message: '' })
  await settle()
  expect([pushers, server.paramsOf('room.leave').length]).toEqual([[], 1])
  expect(details('statechange')).toContainEqual({ code: codes.at(-1), message: '' })
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  await settle()
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  await settle()
  expect(server.paramsOf('room.enter')).toHaveLength(2)
  expect(pushers).toHaveLength(1)
})

test.each([
  ['stopped', (): unknown => room.call('stop')],
  ['given no address', (): unknown => room.stage.set({ url: '' })],
])('one that the phone took away and that was %s meanwhile does not come back', async (_, act) => {
  const { server, pushers, component, settle } = await room.open()
  await settle()
  await room.pusherSays(5000)
  act()
  component.triggerPageLifeTime('show')
  await settle()
  expect([server.paramsOf('room.enter').length, pushers]).toEqual([1, []])
})

test('5000 of any other address is the tag`s own business', async () => {
  const { pushers, component, wx, settle } = await room.open({ properties: { url: 'rtmp://cdn.test/live/a' } })
  const [before] = pushers
  await room.pusherSays(5000)
  component.triggerPageLifeTime('show')
  await settle()
  expect([pushers[0] === before, wx.calls]).toEqual([true, []])
})

test('an address that the phone rejects is -1307 and removes the tag', async () => {
  const { pushers, details, settle } = await room.open()
  await settle()
  await room.pusherSays(-1313)
  expect(pushers).toEqual([])
  const message = expect.stringContaining('address') as string
  expect(details('statechange').slice(-1)).toEqual([{ code: -1307, message }])
})

test('muted is told to the others', async () => {
  const { server, set, settle } = await room.open()
  await settle()
  set({ enableMic: false })
  await settle()
  expect(server.paramsOf('media.state')).toEqual([{ audio: false, video: true, streamType: 'main' }])
})

test('room.closed is 1019 and takes the tag away; so does detached', async () => {
  const { server, pushers, settle } = await room.open()
  await settle()
  server.notify('room.closed', { reason: 'disbanded' })
  await settle()
  expect(room.pusherCodes().at(-1)).toBe(1019)
  expect(pushers).toEqual([])
})

test('a note stands in for the tag in DevTools', async () => {
  const { pushers, component, settle } = await room.open({ platform: 'devtools' })
  await settle()
  expect(pushers).toEqual([])
  expect(component.dom.innerHTML).toContain('WeChat DevTools has no live-pusher')
  expect(room.pusherCodes()).toContain(1018)
})
