// @vitest-environment jsdom

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { member } from '../testing/room-server.js'
import { buildForTest, openStage, type Stage, type StageOptions } from '../testing/stage.js'

const built = mkdtempSync(join(tmpdir(), 'crossroom-miniprogram-'))
let stage: Stage

beforeAll(() => buildForTest(built))
afterEach(() => stage.close())
afterAll(() => rmSync(built, { recursive: true }))

const entry = { server: 'wss://room.test', sdkAppID: 1400000000, userID: 'me', userSig: 'sig', roomID: 100 }

async function enter(options: Partial<StageOptions> & { readonly properties?: object } = {}): Promise<Stage> {
  stage = await openStage(built, { name: 'webrtc-room', ...options, properties: { ...entry, ...options.properties } })
  stage.methods['start']!()
  await stage.settle()
  return stage
}

test('start enters the room of the properties and pushes to the address of the server', async () => {
  const { server, wx, pushers, details } = await enter()
  expect(wx.urls).toEqual(['wss://room.test/signal'])
  expect(server.paramsOf('room.enter')).toMatchObject([
    { protocol: 1, sdkAppId: 1400000000, roomId: 100, userId: 'me', userSig: 'sig', role: 'anchor' },
  ])
  expect(pushers.map(({ data }) => data['url'])).toEqual(['rtmp://room.test:1935/r/push0'])
  expect(details('RoomEvent')).toContainEqual({ tag: 'ok', code: 11, detail: 'Entered the room' })
})

test('a member who comes gets a player, and 1020 the documented JSON', async () => {
  const { server, players, details, settle } = await enter()
  server.list([member('web1')])
  await settle()
  expect(players.map(({ id, data }) => [id, data['src'], data['mode']])).toEqual([
    ['web1', 'rtmp://room.test:1935/r/web1-main', 'RTC'],
  ])
  expect(details('statechange')).toContainEqual({
    code: 1020,
    message: '{"userlist":[{"userid":"web1","playurl":"rtmp://room.test:1935/r/web1-main"}]}',
  })
})
