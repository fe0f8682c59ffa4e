// @vitest-environment jsdom

import { expect, test } from 'vitest'

import { FakeRoomServer, member } from '../testing/room-server.js'
import { useRoomStage } from '../testing/room-stage.js'
import { playerCodeCases, smallViewCases } from './webrtc-room.cases.js'

const room = useRoomStage()

test('a new member gets a player, and 1020 has the documented JSON', async () => {
  const { server, players, details, settle } = await room.enter()
  server.list([member('web1')])
  await settle()
  expect(players.map(({ id, data }) => [id, data['src'], data['mode'], data['minCache'], data['maxCache']])).toEqual([
    ['web1', 'rtmp://room.test:1935/r/web1-main', 'RTC', 0.1, 0.3],
  ])
  const message = '{"userlist":[{"userid":"web1","playurl":"rtmp://room.test:1935/r/web1-main"}]}'
  expect(details('statechange')).toContainEqual({ code: 1020, message })
  expect(details('RoomEvent')).toContainEqual({ tag: 'ok', code: 12, detail: message })
})

test.each(smallViewCases)('property $name places the small view', async ({ name, value, template, style }) => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { component } = await room.enter({ server, properties: { template, [name]: value } })
  expect(component.data).toMatchObject({ layout: { self: { name: 'p1', style } } })
})

test.each(['1u3d', '1l3r'])('in %s the creator of the room stands in the main pane', async (template) => {
  const server = new FakeRoomServer()
  server.users = [member('a'), member('b')]
  const { component } = await room.enter({ server, properties: { template, roomCreator: 'b' } })
  expect(component.data).toMatchObject({
    layout: { self: { name: 'p1' } },
    tiles: [
      { userId: 'a', pane: 'p2' },
      { userId: 'b', pane: 'p0' },
    ],
  })
})

test('a change of template makes neither pusher nor player anew', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { pushers, players, set, settle } = await room.enter({ server, properties: { template: 'grid' } })
  const before = [pushers[0], players[0]]
  for (const template of ['float', 'bigsmall', '1v3', 'grid']) {
    set({ template })
    await settle()
  }
  expect([pushers[0], players[0]]).toEqual(before)
  expect(pushers[0] === before[0] && players[0] === before[1]).toBe(true)
})

test.each(playerCodeCases)('player $code', async ({ code, codes }) => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { players } = await room.enter({ server })
  const before = room.stage.details('RoomEvent').length
  const [player] = players
  await room.playerSays('web1', code)
  expect(players[0] === player).toBe(code !== -2301)
  expect(room.stage.details('RoomEvent').slice(before)).toEqual(
    codes.map((each) => ({ tag: 'ok', code: each, detail: 'web1' })),
  )
})

test('a player that gives up is made anew with the other protocol', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { players } = await room.enter({ server })
  const before = players[0]
  await room.playerSays('web1', -2301)
  expect(players.map(({ data }) => data['src'])).toEqual(['http://room.test:8080/r/web1-main.flv'])
  expect(players[0] === before).toBe(false)
})

test('a player that reconnects twice is made anew with the other protocol', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { players } = await room.enter({ server })
  await room.playerSays('web1', 2103)
  expect(players[0]?.data['src']).toMatch(/^rtmp/)
  await room.playerSays('web1', 2103)
  expect(players[0]?.data['src']).toMatch(/^http/)
})

test('a member with another address gets a player made anew, one with the same keeps its element', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { players, settle } = await room.enter({ server })
  const first = players[0]
  server.list([member('web1', { hasAudio: false })])
  await settle()
  expect(players[0] === first).toBe(true)
  server.list([member('web1', { token: 'other' })])
  await settle()
  expect(players[0] === first).toBe(false)
  expect(players.map(({ data }) => data['src'])).toEqual(['rtmp://room.test:1935/r/other'])
})

test('a player begins when the member is seen or heard, and stays when both are gone', async () => {
  const { server, players, settle } = await room.enter()
  server.list([member('web1', { hasAudio: false, hasVideo: false })])
  await settle()
  expect(players).toEqual([])
  server.list([member('web1', { hasAudio: true, hasVideo: false })])
  await settle()
  expect(players.map(({ id }) => id)).toEqual(['web1'])
  server.list([member('web1', { hasAudio: false, hasVideo: false })])
  await settle()
  expect(players.map(({ id }) => id)).toEqual(['web1'])
})

test('a screen lies over the camera of its member, nothing of it cut off', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1', {}, { streamType: 'aux' })]
  const { players, component } = await room.enter({ server })
  expect(players.map(({ id, data }) => [id, data['objectFit']])).toEqual([
    ['web1', 'fillCrop'],
    ['web1-aux', 'contain'],
  ])
  const { tiles } = component.data as unknown as { tiles: { pane: string }[] }
  expect(tiles[0]?.pane).toBe(tiles[1]?.pane)
})

test('property maxMembers shows as many, and none above it', async () => {
  const server = new FakeRoomServer()
  server.users = ['a', 'b', 'c', 'd', 'e'].map((id) => member(id))
  const properties = { template: 'grid', maxMembers: 5 }
  const { players, set, settle } = await room.enter({ server, properties })
  expect(players.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e'])
  set({ maxMembers: 2 })
  await settle()
  expect(players.map(({ id }) => id)).toEqual(['a', 'b'])
})

test('one member leaves a full room and another enters it at the same moment', async () => {
  const server = new FakeRoomServer()
  server.users = [member('a'), member('b'), member('c')]
  const { players, settle } = await room.enter({ server, properties: { template: 'grid' } })
  server.list([member('d'), member('b'), member('c')])
  await settle()
  expect(players.map(({ id }) => id).sort()).toEqual(['b', 'c', 'd'])
})

test('a member that enters an overfull room gets -8 and leaves; those inside stay', async () => {
  const server = new FakeRoomServer()
  server.users = [member('a'), member('b')]
  const { pushers } = await room.enter({ server, properties: { template: '1v1' } })
  expect(room.roomCodes()).toContain(-8)
  expect([pushers.length, server.paramsOf('room.leave').length]).toEqual([0, 1])
  room.stage.close()

  const inside = await room.enter({ properties: { template: '1v1' } })
  inside.server.list([member('a')])
  inside.server.list([member('a'), member('b')])
  await inside.settle()
  expect(room.roomCodes()).not.toContain(-8)
  expect([inside.pushers.length, inside.players.map(({ id }) => id)]).toEqual([1, ['a']])
})

test.each([
  ['android', false],
  ['ios', true],
])('on %s a player that came while the page was hidden is kept: %s', async (platform, kept) => {
  const { server, component, players, settle } = await room.enter({ platform })
  component.triggerPageLifeTime('hide')
  server.list([member('web1')])
  await settle()
  const made = players[0]
  component.triggerPageLifeTime('show')
  await settle()
  expect(players[0] === made).toBe(kept)
})

test('a camera held another way turns the player', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1')]
  const { player, settle } = await room.enter({ server })
  server.notify('media.rotation', { userId: 'web1', streamType: 'main', rotation: 90 })
  await settle()
  expect(player('web1').data['orientation']).toBe('horizontal')
})

test.each(['grid', 'float', 'bigsmall'])(
  'what an app puts into the slot %s is drawn in that template only',
  async (name) => {
    const page = `<room id="it" template="{{template}}"><view slot="${name}">OVERLAY</view></room>`
    const { component, set, settle } = await room.open({ page, properties: { template: name } })
    const shown = (): boolean => component.dom.querySelector('[class*=overlay-on]')?.textContent === 'OVERLAY'
    expect(shown()).toBe(true)
    set({ template: '1v1' })
    await settle()
    expect(shown()).toBe(false)
  },
)

test('properties loadingImg and playerBackgroundImg stand where no picture is', async () => {
  const server = new FakeRoomServer()
  server.users = [member('web1', { hasVideo: false })]
  const properties = { loadingImg: 'https://a.test/l.png', playerBackgroundImg: 'https://a.test/p.png' }
  const { component, settle } = await room.enter({ server, properties })
  const imageOf = (): string => (component.data as unknown as { tiles: { image: string }[] }).tiles[0]!.image
  expect(imageOf()).toBe('https://a.test/l.png')
  await room.playerSays('web1', 2004)
  expect(imageOf()).toBe('https://a.test/p.png')
  server.list([member('web1')])
  await settle()
  expect(imageOf()).toBe('')
  await room.playerSays('web1', 2007)
  expect(imageOf()).toBe('https://a.test/l.png')
})

test('property pusherBackgroundImg stands where this phone sends no picture', async () => {
  const { component, settle } = await room.open({ properties: { pusherBackgroundImg: 'https://a.test/b.png' } })
  const shown = (): unknown => (component.data as unknown as { pusherImage: string }).pusherImage
  expect(shown()).toBe('https://a.test/b.png')
  room.call('start')
  await settle()
  expect(shown()).toBe('')
  room.call('enableCamera', false)
  await settle()
  expect(shown()).toBe('https://a.test/b.png')
})
