// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fakeTrack } from '../room/peer-connection.fake.js'
import { Camera } from './camera.js'
import type { LocalEvents } from './local-source.js'

type Answer = () => Promise<MediaStreamTrack>

let answers: Answer[]
let asked: MediaStreamConstraints[]

beforeEach(() => {
  answers = []
  asked = []
  vi.stubGlobal('isSecureContext', true)
  const getUserMedia = async (
    constraints: MediaStreamConstraints,
  ): Promise<{ getTracks: () => MediaStreamTrack[] }> => {
    asked.push(constraints)
    const track = await (answers.shift() ?? (() => Promise.resolve(fakeTrack('video'))))()
    return { getTracks: () => [track] }
  }
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

function stage() {
  const failed: string[] = []
  let changes = 0
  const events: LocalEvents = {
    changed: () => void changes++,
    screenStopped: () => undefined,
    firstFrame: () => undefined,
    sizeChanged: () => undefined,
    failed: ({ code }) => failed.push(code),
  }
  return { camera: new Camera(events), failed, changes: () => changes }
}

const refuse = (name: string): Answer => {
  return () => Promise.reject(Object.assign(new Error(name), { name }))
}

const stateOf = (track: MediaStreamTrack): MediaStreamTrackState => track.readyState

test('a camera that is opened is sent with its profile, black while it is muted', async () => {
  const { camera } = stage()
  await camera.start({ profile: '360p', deviceId: 'x', mute: true })
  expect(asked).toEqual([
    { video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24 }, deviceId: { exact: 'x' } } },
  ])
  expect(camera.sent).toMatchObject({ streamType: 'main', kind: 'video', muted: true, profile: { bitrate: 700 } })
  expect(camera.track!.enabled).toBe(false)
  await camera.start({ mute: false })
  expect(asked).toHaveLength(1)
  expect(camera.track!.enabled).toBe(true)
  await camera.start({ publish: false })
  expect(camera.sent).toBeUndefined()
})

test('a refusal by the user is a failure with a code, and leaves nothing open', async () => {
  const { camera } = stage()
  answers.push(refuse('NotAllowedError'))
  await expect(camera.start({})).rejects.toMatchObject({ code: 'DEVICE_DENIED' })
  expect(camera.sent).toBeUndefined()
})

test('plain http is a failure of its own', async () => {
  vi.stubGlobal('isSecureContext', false)
  await expect(stage().camera.start({})).rejects.toMatchObject({ code: 'INSECURE_CONTEXT' })
})

test('a stop during the permission prompt opens no camera when it is answered', async () => {
  const { camera } = stage()
  let answer: (track: MediaStreamTrack) => void = () => undefined
  answers.push(() => new Promise((resolve) => (answer = resolve)))
  const starting = camera.start({})
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  camera.stop()
  const late = fakeTrack('video')
  answer(late)
  await expect(starting).rejects.toMatchObject({ code: 'STOPPED' })
  expect(stateOf(late)).toBe('ended')
})

test('a camera that does not open gives the one in use back', async () => {
  const { camera } = stage()
  await camera.start({ deviceId: 'good' })
  answers.push(refuse('NotReadableError'))
  await expect(camera.start({ deviceId: 'bad' })).rejects.toMatchObject({ code: 'DEVICE_IN_USE' })
  expect(asked.at(-1)).toMatchObject({ video: { deviceId: { exact: 'good' } } })
  expect(camera.sent).toBeDefined()
})

test('a camera that is unplugged gives way to any other; without one it is told', async () => {
  const { camera, failed } = stage()
  await camera.start({ deviceId: 'first' })
  camera.track!.dispatchEvent(new Event('ended'))
  await vi.waitFor(() => expect(asked).toHaveLength(2))
  expect(asked[1]!.video).not.toHaveProperty('deviceId')
  await vi.waitFor(() => expect(camera.sent).toBeDefined())
  answers.push(refuse('NotFoundError'), refuse('NotFoundError'))
  camera.track!.dispatchEvent(new Event('ended'))
  await vi.waitFor(() => expect(failed).toEqual(['DEVICE_NOT_FOUND']))
  expect(camera.sent).toBeUndefined()
})

test("a track of the page's own is sent and never stopped", async () => {
  const { camera } = stage()
  const track = fakeTrack('video')
  await camera.start({ track })
  expect(asked).toEqual([])
  expect(camera.track).toBe(track)
  camera.stop()
  expect(stateOf(track)).toBe('live')
})

test('a processor changes what is sent; one that fails leaves the camera as it is', async () => {
  const { camera } = stage()
  const processed = fakeTrack('video')
  const stop = vi.fn()
  await camera.start({})
  const raw = camera.track
  await camera.setProcessor({ start: () => processed, stop })
  expect(camera.track).toBe(processed)
  await camera.start({ deviceId: 'other' })
  expect(camera.track).toBe(processed)
  expect(stop).toHaveBeenCalledOnce()
  const broken = { start: () => Promise.reject(new Error('no GPU')), stop: vi.fn() }
  await expect(camera.setProcessor(broken)).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
  expect(camera.track).not.toBe(processed)
  expect(camera.track).not.toBe(raw)
  expect(camera.sent).toBeDefined()
})
