import { beforeEach, expect, test, vi } from 'vitest'
import { fakeClient, fakeClientClass, userCalled, type FakeClient } from '../room/client.fake.js'
import { LiveModel } from './live-model.js'

let client: FakeClient
let model: LiveModel

beforeEach(() => {
  client = fakeClient()
  model = new LiveModel({
    client,
    clientClass: fakeClientClass,
    roomId: 'show',
    invited: { credentials: { userSig: 's' } },
    name: '',
    mark: 'ab12',
    guestName: 'Guest',
  })
})

const said = (): string[] => client.calls.map((call) => call.replace(/,?"(userSig|userId|roomId)":"[^"]*"/g, ''))

test('opening the page watches, and sends nothing', async () => {
  await model.watch()
  expect(said()).toEqual(['enterRoom [{,"userName":"Guest","role":"audience"}]'])
  expect(model.part.value).toBe('watching')
  expect(model.tiles.value).toEqual([])
})

test('a member may begin without a live host, and is seen and heard immediately', async () => {
  await model.watch()
  expect(model.isLive.value).toBe(false)
  await model.goLive()
  await vi.waitFor(() => expect(model.room.local.microphone.value).toBe('on'))
  expect(model.part.value).toBe('host')
  expect(said().slice(1, 3)).toEqual(['exitRoom', 'enterRoom [{,"userName":"Guest","role":"anchor"}]'])
  expect(model.room.local.camera.value).toBe('on')
})

test('a member invited onto the stage is shown after the host, and leaves it without leaving the room', async () => {
  await model.watch()
  client.emit('user-list', { users: [userCalled('guest'), userCalled('host', { role: 'owner' })] })
  expect(model.isLive.value).toBe(true)
  await model.askForStage()
  client.emit('role-changed', { userId: 'guest-ab12', role: 'anchor' })
  await vi.waitFor(() => expect(model.room.local.camera.value).toBe('on'))
  expect(model.part.value).toBe('on-stage')
  expect(model.tiles.value.map(({ key }) => key)).toEqual(['host/main', 'guest-ab12/main', 'guest/main'])
  await model.stop()
  expect(client.calls).toContain('switchRole ["audience"]')
  expect(model.part.value).toBe('watching')
})

test('a host who invites a viewer onto the stage opens none of its devices without consent', async () => {
  await model.watch()
  client.emit('user-list', { users: [userCalled('host', { role: 'owner' })] })
  client.emit('role-changed', { userId: 'guest-ab12', role: 'anchor' })
  expect(model.isCalled.value).toBe(true)
  await Promise.resolve()
  expect(client.calls.join()).not.toMatch(/startLocal/)
  model.agree()
  await vi.waitFor(() => expect(model.room.local.camera.value).toBe('on'))
  expect(model.isCalled.value).toBe(false)
})

test('a host who stops becomes a viewer', async () => {
  await model.goLive()
  await model.stop()
  expect(
    said()
      .filter((call) => call.startsWith('enterRoom'))
      .at(-1),
  ).toContain('"role":"audience"')
  await Promise.resolve()
  expect([model.room.local.camera.value, model.room.local.microphone.value]).toEqual(['off', 'off'])
  expect(model.part.value).toBe('watching')
})

test('another name makes a separate participant for the others', async () => {
  await model.watch()
  await model.setName('Zoe')
  expect(client.calls.at(-1)).toContain('"userId":"zoe-ab12","userName":"Zoe"')
})
