import { beforeEach, expect, test } from 'vitest'
import { codedError, fakeClient, fakeClientClass, type FakeClient } from './client.fake.js'
import { LocalMedia } from './local-media.js'

let client: FakeClient
let local: LocalMedia

beforeEach(() => {
  client = fakeClient()
  local = new LocalMedia(client, fakeClientClass)
})

test('entering opens the requested devices, once, and none that a preview has turned off', async () => {
  local.requested.camera.value = false
  await local.openOnce()
  await local.openOnce()
  expect(client.calls).toEqual(['startLocalAudio [{}]'])
  await local.close()
  expect(local.requested.camera.value).toBe(true)
})

test('a microphone is opened once and muted afterwards', async () => {
  await local.setMicrophone(true)
  await local.setMicrophone(false)
  await local.setMicrophone(true)
  expect(client.calls).toEqual([
    'startLocalAudio [{}]',
    'updateLocalAudio [{"mute":true}]',
    'updateLocalAudio [{"mute":false}]',
  ])
  expect(local.microphone.value).toBe('on')
})

test('a camera that is off is released', async () => {
  await local.setCamera(true)
  await local.setCamera(false)
  expect(client.calls.at(-1)).toBe('stopLocalVideo')
  expect(local.camera.value).toBe('off')
})

test('a refusal is shown and leaves the camera off; the next success removes the message', async () => {
  client.failures.set('startLocalVideo', codedError('DEVICE_DENIED'))
  await local.setCamera(true)
  expect(local.camera.value).toBe('off')
  expect(local.failure.value).toMatch(/access was denied/)
  client.failures.clear()
  await local.setCamera(true)
  expect(local.failure.value).toBeUndefined()
})

test('a camera that was chosen some other day and is gone gives way to the default', async () => {
  await local.choose('camera', 'gone')
  client.failures.set('startLocalVideo', codedError('DEVICE_NOT_FOUND'))
  await local.setCamera(true)
  expect(client.calls.filter((call) => call.startsWith('startLocalVideo'))).toEqual([
    'startLocalVideo [{"view":null,"deviceId":"gone"}]',
    'startLocalVideo [{"view":null}]',
  ])
})

test('the beauty filter is made with the first strength and taken away with the last', async () => {
  await local.setBeauty({ smoothing: 3 })
  await local.setBeauty({ whitening: 2 })
  await local.setBeauty({ smoothing: 0 })
  await local.setBeauty({ whitening: 0 })
  expect(client.calls.map((call) => call.split(' ')[0])).toEqual([
    'createBeautyFilter',
    'setVideoProcessor',
    'update',
    'update',
    'setVideoProcessor',
  ])
  expect(client.calls.at(-1)).toBe('setVideoProcessor [null]')
})

test('saying no to sharing the screen is no failure; everything else is', async () => {
  client.failures.set('startScreenShare', codedError('SCREEN_DENIED'))
  expect(await local.setScreen(true)).toBeUndefined()
  client.failures.set('startScreenShare', codedError('SCREEN_UNSUPPORTED'))
  expect(await local.setScreen(true)).toMatch(/cannot share/)
  client.failures.clear()
  expect(await local.setScreen(true)).toBeUndefined()
  expect(local.screen.value).toBe('on')
  client.emit('screen-share-stopped', {})
  expect(local.screen.value).toBe('off')
})

test('a mind changed while a device starts is heard', async () => {
  const starting = [local.setCamera(true), local.setMicrophone(true)]
  await local.close()
  await Promise.all(starting)
  expect([local.camera.value, local.microphone.value]).toEqual(['off', 'off'])
  expect(client.calls.slice(-2).sort()).toEqual(['stopLocalAudio', 'stopLocalVideo'])
})
