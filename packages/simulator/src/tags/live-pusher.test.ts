import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { loadLibrary, type Library } from '../codec/library.js'
import type { Quirks } from '../quirks.js'
import { LivePusher } from './live-pusher.js'
import { quirksOf, TagStage, testCamera } from './tag.fake.js'

const URL = 'rtmp://room.test:1935/r/token'
let library: Library
beforeAll(async () => {
  library = await loadLibrary()
})
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open(quirks: Partial<Quirks> = {}): { readonly stage: TagStage; readonly pusher: LivePusher } {
  const stage = new TagStage()
  const pusher = new LivePusher({
    ...{ quirks: quirksOf(quirks), raise: stage.raise, netstatus: stage.netstatus, connect: stage.connect },
    openCamera: () => testCamera(library, quirks),
  })
  return { stage, pusher }
}

/** Pushing, and the first picture is out. */
function push(quirks: Partial<Quirks> = {}): ReturnType<typeof open> {
  const opened = open(quirks)
  opened.pusher.start(URL)
  opened.stage.newest.agree()
  vi.advanceTimersByTime(500)
  return opened
}

test.each([
  [false, [1003, 1008, 1001, 1002, 1007]],
  [true, [1003, 1008, 1001, 1007]],
])('without1002 %s', (without1002, codes) => {
  const { stage, pusher } = push({ without1002 })
  expect(stage.codes).toEqual(codes)
  pusher.stop()
  expect(stage.newest.closed).toBe(true)
})

test.each([50, 4000])(
  'a lost push is tried again three times, each after reconnectMs = %d, then -1307',
  (reconnectMs) => {
    const { stage, pusher } = push({ reconnectMs })
    stage.take()
    pusher.changeNetwork()
    expect(stage.connections[0]!.vanished).toBe(true)
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(stage.take()).toEqual([1102])
      vi.advanceTimersByTime(reconnectMs - 1)
      expect(stage.connections).toHaveLength(attempt)
      vi.advanceTimersByTime(1)
      expect(stage.connections).toHaveLength(attempt + 1)
      stage.newest.handlers.closed(undefined)
    }
    expect(stage.take()).toEqual([-1307])
    vi.advanceTimersByTime(10_000)
    expect(stage.connections).toHaveLength(4)
    pusher.stop()
    pusher.start(URL)
    stage.newest.agree()
    expect(stage.take()).toEqual([1003, 1008, 1001, 1002])
    pusher.stop()
  },
)

test('a push that comes back begins with a keyframe and counts its attempts anew', () => {
  const { stage, pusher } = push({ reconnectMs: 100, gopSeconds: 60 })
  stage.take()
  for (let round = 0; round < 5; round++) {
    pusher.changeNetwork()
    vi.advanceTimersByTime(100)
    stage.newest.agree()
    vi.advanceTimersByTime(500)
    expect(stage.take()).toEqual([1102, 1001, 1002])
    // FLV: a keyframe of H.264 is 0x17, the byte behind it 1 for a picture (0 for the header).
    const picture = stage.newest.sent.find(({ type, body }) => type === 9 && body[1] === 1)
    expect(picture?.body[0]).toBe(0x17)
  }
  pusher.stop()
})

test('a server that cannot be reached is 3002, then the attempts', () => {
  const { stage, pusher } = open({ reconnectMs: 100 })
  pusher.start(URL)
  for (let attempt = 0; attempt < 4; attempt++) {
    stage.newest.handlers.closed(undefined)
    vi.advanceTimersByTime(100)
  }
  expect(stage.codes).toEqual([1003, 1008, 3002, 1102, 1102, 1102, -1307])
  pusher.stop()
})

test('an end by the server is 3004 and left to the page', () => {
  const { stage, pusher } = push()
  stage.take()
  stage.newest.handlers.closed('NetStream.Publish.BadName')
  vi.advanceTimersByTime(10_000)
  expect([stage.codes, stage.connections.length]).toEqual([[3004], 1])
  pusher.stop()
})

test('a network that takes no more is 1101, once, and pictures go on with a keyframe', () => {
  const { stage, pusher } = push({ gopSeconds: 60 })
  stage.take()
  const { newest } = stage
  newest.backlog = 600_000
  newest.sent.length = 0
  vi.advanceTimersByTime(2000)
  expect(stage.take()).toEqual([1101])
  expect(newest.sent.filter(({ type }) => type === 9)).toEqual([])
  expect(newest.sent.some(({ type }) => type === 8)).toBe(true)
  newest.backlog = 0
  vi.advanceTimersByTime(500)
  expect(newest.sent.find(({ type }) => type === 9)?.body[0]).toBe(0x17)
  expect(stage.take()).toEqual([])
  pusher.stop()
})

test.each([
  ['too long', `${URL}${'x'.repeat(30)}`],
  ['with a percent sign', `${URL}%20`],
])('with urlLimit an address that is %s is -1313, and the camera stays off', (_, url) => {
  const { stage, pusher } = open({ urlLimit: URL.length + 20 })
  pusher.start(url)
  expect([stage.codes, stage.connections.length, pusher.camera]).toEqual([[-1313], 0, undefined])
  const free = open()
  free.pusher.start(url)
  expect(free.stage.connections.map((connection) => connection.url)).toEqual([url])
  free.pusher.stop()
})

test('a change of size in mid-stream is told with 1005 and announced with another header', () => {
  const { stage, pusher } = push({ resizeSeconds: 2 })
  stage.take()
  const headers = (): number => stage.newest.sent.filter(({ type, body }) => type === 9 && body[1] === 0).length
  expect(headers()).toBe(1)
  vi.advanceTimersByTime(2000)
  expect([stage.take(), headers()]).toEqual([[1005], 2])
  pusher.stop()
})

test('a camera that does not open is -1301 with its sentence, and nothing is connected', () => {
  const told: [number, string][] = []
  const stage = new TagStage()
  const pusher = new LivePusher({
    ...{ quirks: quirksOf({}), netstatus: stage.netstatus, connect: stage.connect },
    raise: (code, message) => told.push([code, message]),
    openCamera: () => {
      throw new Error('/dev/video7 cannot be opened')
    },
  })
  pusher.start(URL)
  expect([told, stage.connections.length]).toEqual([[[-1301, '/dev/video7 cannot be opened']], 0])
})
