import { beforeEach, expect, test } from 'vitest'
import { fakeClient, fakeClientClass, userCalled, type FakeClient } from '../room/client.fake.js'
import { RoomModel } from '../room/room-model.js'
import { actionOf, SHORTCUTS } from './shortcuts.js'
import { CallView } from './view.js'

let client: FakeClient
let model: RoomModel
let view: CallView

beforeEach(async () => {
  client = fakeClient()
  model = new RoomModel(client, fakeClientClass)
  view = new CallView(model)
  await model.enter({ roomId: 'r', userId: 'me', name: 'Me', role: 'anchor', credentials: {} })
})

test('the large view shows the pinned member, else a screen, else the speaker, else another member', () => {
  client.emit('user-list', { users: [userCalled('a', { hasVideo: false }), userCalled('b')] })
  expect(view.large.value?.key).toBe('b/main')
  client.emit('audio-volume', { volumes: [{ userId: 'a', volume: 60 }] })
  expect(view.large.value?.key).toBe('a/main')
  client.emit('user-list', { users: [userCalled('a'), userCalled('b', { hasScreen: true })] })
  expect(view.large.value?.key).toBe('b/aux')
  view.togglePin('me/main')
  expect(view.large.value?.key).toBe('me/main')
  expect(view.small.value.map(({ key }) => key)).toEqual(['b/aux', 'a/main', 'b/main'])
})

test('a screen that begins makes the view a large one, and gives the grid back', () => {
  client.emit('user-list', { users: [userCalled('a')] })
  expect(view.layout.value).toBe('grid')
  client.emit('user-list', { users: [userCalled('a', { hasScreen: true })] })
  expect(view.layout.value).toBe('speaker')
  client.emit('user-list', { users: [userCalled('a')] })
  expect(view.layout.value).toBe('grid')
})

test('panels open and close', () => {
  view.togglePanel('chat')
  view.togglePanel('people')
  expect(view.panel.value).toBe('people')
  view.togglePanel('people')
  expect(view.panel.value).toBeUndefined()
})

const press = (key: string, more = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
})

test('keys do what the list of keys says, and nothing else does', () => {
  for (const { key, action } of SHORTCUTS) {
    expect(actionOf(press(key.toLowerCase()), false)).toBe(action)
    expect(actionOf(press(key), true)).toBeUndefined()
    expect(actionOf(press(key, { ctrlKey: true }), false)).toBeUndefined()
    expect(actionOf(press(key, { repeat: true }), false)).toBeUndefined()
  }
  expect(actionOf(press('x'), false)).toBeUndefined()
  expect(new Set(SHORTCUTS.map(({ key }) => key)).size).toBe(SHORTCUTS.length)
})
