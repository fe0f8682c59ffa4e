// @vitest-environment jsdom

import { expect, test } from 'vitest'

import { useRoomStage } from '../testing/room-stage.js'
import { defaultsOf, PLAYER_ATTRIBUTES, PLAYER_EVENTS } from '../tags/attributes.js'
import { othersOf } from '../testing/other-attributes.js'

const src = 'rtmp://room.test:1935/r/a'
const fallback = 'http://room.test:8080/r/a.flv'
const room = useRoomStage('room-player', { src, fallback })

test('an address is played', async () => {
  const { players } = await room.open()
  expect(players.map(({ id, data }) => [id, data['src'], data['autoplay']])).toEqual([['room-player', src, true]])
})

test('a changed address is played by an element made anew', async () => {
  const { players, set, settle } = await room.open()
  const before = players[0]
  set({ src: 'rtmp://room.test:1935/r/b' })
  await settle()
  expect(players.map(({ data }) => data['src'])).toEqual(['rtmp://room.test:1935/r/b'])
  expect(players[0] === before).toBe(false)
})

test('-2301 plays the fallback, and then the first address again', async () => {
  const { players } = await room.open()
  await room.playerSays('room-player', -2301)
  expect(players.map(({ data }) => data['src'])).toEqual([fallback])
  await room.playerSays('room-player', -2301)
  expect(players.map(({ data }) => data['src'])).toEqual([src])
})

test('an address that is played already, as the fallback, is no new one', async () => {
  const { players, set, settle } = await room.open()
  await room.playerSays('room-player', -2301)
  const before = players[0]
  set({ src: fallback })
  await settle()
  expect([players[0] === before, players.map(({ data }) => data['src'])]).toEqual([true, [fallback]])
})

test('without a fallback the same address is tried again', async () => {
  const { players } = await room.open({ properties: { fallback: '' } })
  await room.playerSays('room-player', -2301)
  expect(players.map(({ data }) => data['src'])).toEqual([src])
})

test('an empty address takes the player away', async () => {
  const { players, set, settle } = await room.open()
  set({ src: '' })
  await settle()
  expect(players).toEqual([])
})

test('every attribute reaches the tag, first its default, then what the page sets, in the same element', async () => {
  const { players, set, settle } = await room.open()
  expect(players[0]?.data).toMatchObject(defaultsOf(PLAYER_ATTRIBUTES))
  const before = players[0]
  set(othersOf(PLAYER_ATTRIBUTES))
  await settle()
  expect(players[0]?.data).toMatchObject(othersOf(PLAYER_ATTRIBUTES))
  expect(players[0] === before).toBe(true)
})

test.each(PLAYER_EVENTS)('event %s of the tag is passed on as it is', async (name) => {
  const { players, details } = await room.open()
  players[0]?.triggerEvent(name, { code: 2009, any: 'thing' })
  expect(details(name)).toEqual([{ code: 2009, any: 'thing' }])
})

/** LivePlayerContext, by WeChat's documentation. */
const METHODS = [
  ...['play', 'stop', 'pause', 'resume', 'mute', 'snapshot', 'requestFullScreen', 'exitFullScreen'],
  ...['requestPictureInPicture', 'exitPictureInPicture', 'requestBackgroundPlayback', 'exitBackgroundPlayback'],
  ...['startCasting', 'switchCasting', 'reconnectCasting', 'exitCasting'],
]

test.each(METHODS)('method %s reaches the context of the tag', async (method) => {
  const { wx } = await room.open()
  room.call(method)
  expect(wx.calls).toEqual([{ tag: 'room-player', method }])
})

test('playerAttributes count over the attributes', async () => {
  const { players } = await room.open({ properties: { minCache: 0.5, playerAttributes: { 'min-cache': 2, fps: 1 } } })
  expect(players[0]?.data).toMatchObject({ minCache: 2 })
})

const hidden = [
  ['android', false],
  ['ios', true],
] as const

test.each(hidden)('on %s a player that was made while the page was hidden is kept: %s', async (platform, kept) => {
  const { component, players, set, settle } = await room.open({ platform })
  component.triggerPageLifeTime('hide')
  set({ src: 'rtmp://room.test:1935/r/b' })
  await settle()
  const made = players[0]
  component.triggerPageLifeTime('show')
  await settle()
  expect([players[0] === made, players.map(({ data }) => data['src'])]).toEqual([kept, ['rtmp://room.test:1935/r/b']])
})

test.each(hidden)('on %s a player that gave up while the page was hidden is kept: %s', async (platform, kept) => {
  const { component, players, settle } = await room.open({ platform })
  component.triggerPageLifeTime('hide')
  await room.playerSays('room-player', -2301)
  const made = players[0]
  component.triggerPageLifeTime('show')
  await settle()
  expect([players[0] === made, players.map(({ data }) => data['src'])]).toEqual([kept, [fallback]])
})

test.each(hidden)('on %s a player that was there before stays, and one is made anew once', async (platform) => {
  const { component, players, set, settle } = await room.open({ platform })
  const first = players[0]
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  await settle()
  expect(players[0] === first).toBe(true)
  component.triggerPageLifeTime('hide')
  set({ src: 'rtmp://room.test:1935/r/b' })
  await settle()
  component.triggerPageLifeTime('show')
  await settle()
  const second = players[0]
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  await settle()
  expect(players[0] === second).toBe(true)
})

test('a page that is shown without an address draws nothing', async () => {
  const { component, players, settle } = await room.open({ platform: 'android', properties: { src: '' } })
  component.triggerPageLifeTime('hide')
  component.triggerPageLifeTime('show')
  await settle()
  expect(players).toEqual([])
})

test('a note stands in for the tag in DevTools', async () => {
  const { players, component } = await room.open({ platform: 'devtools' })
  expect(players).toEqual([])
  expect(component.dom.innerHTML).toContain('WeChat DevTools has no live-player')
})
