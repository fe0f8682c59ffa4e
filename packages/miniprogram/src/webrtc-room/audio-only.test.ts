// @vitest-environment jsdom

import { expect, test } from 'vitest'

import { FakeRoomServer, member } from '../testing/room-server.js'
import { useRoomStage } from '../testing/room-stage.js'
import type { Stage } from '../testing/stage.js'

const room = useRoomStage()
const SEVEN = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

/** An Android phone in a room with seven others. */
function enterCrowd(properties: object = {}): Promise<Stage> {
  const server = new FakeRoomServer()
  server.users = SEVEN.map((id) => member(id))
  return room.enter({ server, platform: 'android', properties: { template: 'grid', maxMembers: 8, ...properties } })
}

const mixesOf = ({ server }: Stage): unknown[] =>
  server.paramsOf('media.mix').map((params) => (params as { audioOf: unknown }).audioOf)
const mixOf = ({ players }: Stage) => players.find(({ id }) => id === 'room-mix')

test('on Android the sixth picture is sound only, by one mixed player', async () => {
  const server = new FakeRoomServer()
  server.users = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => member(id))
  const properties = { template: 'grid', maxMembers: 8 }
  const { players, settle } = await room.enter({ server, platform: 'android', properties })
  await settle()
  expect(players.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'room-mix'])
  expect(server.paramsOf('media.mix').at(-1)).toEqual({ audio: true, video: false, audioOf: ['f', 'g'] })
  expect(room.stage.details('RoomEvent')).toContainEqual({ tag: 'ok', code: 'PLAYER_AUDIO_ONLY', detail: 'f' })
  server.list(['b', 'c', 'd', 'e', 'f'].map((id) => member(id)))
  await settle()
  expect(players.map(({ id }) => id).sort()).toEqual(['b', 'c', 'd', 'e', 'f'])
})

test('iOS plays everybody', async () => {
  const server = new FakeRoomServer()
  server.users = SEVEN.map((id) => member(id))
  const { players } = await room.enter({ server, properties: { template: 'grid', maxMembers: 8 } })
  expect([players.map(({ id }) => id), server.paramsOf('media.mix')]).toEqual([SEVEN, []])
})

test('members silenced by the app leave the mix, and return to it', async () => {
  const stage = await enterCrowd()
  room.call('enableAudio', false, 'f')
  await stage.settle()
  room.call('enableAudio', false, 'g')
  await stage.settle()
  expect(mixOf(stage)).toBeUndefined()
  room.call('enableAudio', true, 'g')
  await stage.settle()
  expect(mixesOf(stage)).toEqual([['f', 'g'], ['g'], ['g']])
  expect(mixOf(stage)?.data['src']).toBe('rtmp://room.test:1935/r/mix')
})

test('a screen keeps its player before a camera does', async () => {
  const stage = await enterCrowd()
  stage.server.list([...SEVEN.slice(0, 4), 'e'].map((id) => member(id)).concat(member('h', {}, { streamType: 'aux' })))
  await stage.settle()
  expect(stage.players.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd', 'h-aux', 'room-mix'])
  expect(mixesOf(stage).at(-1)).toEqual(['e', 'h'])
})

test('pause, resume and stop reach the mix, and no player that is not there', async () => {
  const stage = await enterCrowd()
  const playing = ['a', 'b', 'c', 'd', 'e', 'room-mix']
  room.call('pause')
  expect(stage.wx.calls.splice(0)).toEqual(['pusher', ...playing].map((tag) => ({ tag, method: 'pause' })))
  room.call('resume')
  expect(stage.wx.calls.splice(0)).toEqual(['pusher', ...playing].map((tag) => ({ tag, method: 'resume' })))
  room.call('stop')
  expect(stage.wx.calls).toEqual(['pusher', ...playing].map((tag) => ({ tag, method: 'stop' })))
  await stage.settle()
  expect(stage.players).toEqual([])
})

test('a mix that gives up is made anew with the other protocol', async () => {
  const stage = await enterCrowd()
  const before = mixOf(stage)
  await room.playerSays('room-mix', -2301)
  expect(mixOf(stage) === before).toBe(false)
  expect(mixOf(stage)?.data['src']).toBe('http://room.test:8080/r/mix.flv')
  expect(room.roomCodes()).not.toContain('PLAYER_DISCONNECT')
})

test('a session that was lost and entered anew asks for the mix anew', async () => {
  const stage = await enterCrowd()
  stage.server.cut({ forgets: true })
  await stage.settle(1000)
  expect(room.pusherCodes()).toContain(1021)
  expect(mixesOf(stage)).toEqual([
    ['f', 'g'],
    ['f', 'g'],
  ])
})

test('a mix that came while the page was hidden is made anew when it is shown, once', async () => {
  const stage = await enterCrowd()
  stage.server.list(SEVEN.slice(0, 5).map((id) => member(id)))
  await stage.settle()
  stage.component.triggerPageLifeTime('hide')
  stage.server.list(SEVEN.map((id) => member(id)))
  await stage.settle()
  const made = mixOf(stage)
  const show = async (): Promise<void> => {
    stage.component.triggerPageLifeTime('show')
    await stage.settle()
  }
  await show()
  const again = mixOf(stage)
  expect([made === again, again?.data['src']]).toEqual([false, made?.data['src']])
  stage.component.triggerPageLifeTime('hide')
  await show()
  expect(mixOf(stage) === again).toBe(true)
})

test('playerAttributes count for the mix, which is short of cache otherwise', async () => {
  const stage = await enterCrowd({ playerAttributes: { 'sound-mode': 'ear' } })
  expect(mixOf(stage)?.data).toMatchObject({ mode: 'RTC', minCache: 0.1, maxCache: 0.3, soundMode: 'ear' })
})

test('without a mix members without a player are not heard, and nothing else changes', async () => {
  const server = new FakeRoomServer()
  server.refuse.set('media.mix', 'MEDIA_CAPACITY')
  server.users = SEVEN.map((id) => member(id))
  const properties = { template: 'grid', maxMembers: 8 }
  const { players, details } = await room.enter({ server, platform: 'android', properties })
  expect(players.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(details('RoomEvent')).toContainEqual({ tag: 'ok', code: 'PLAYER_AUDIO_ONLY', detail: 'g' })
})
