import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { loadLibrary, type Library } from '../codec/library.js'
import type { Quirks } from '../quirks.js'
import { FlvSender } from './flv-sender.js'
import { LivePlayer } from './live-player.js'
import { quirksOf, TagStage, testCamera } from './tag.fake.js'

const URL = 'http://room.test:8080/r/token.flv'
const ASKED = { min: 0.5, max: 2 }
let library: Library
beforeAll(async () => {
  library = await loadLibrary()
})
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open(quirks: Partial<Quirks> = {}): { readonly stage: TagStage; readonly player: LivePlayer } {
  const stage = new TagStage()
  const player = new LivePlayer({
    ...{ quirks: quirksOf(quirks), raise: stage.raise, netstatus: stage.netstatus, connect: stage.connect },
    cache: () => ASKED,
    library: undefined,
  })
  player.play(URL)
  return { stage, player }
}

/** Sends a test picture to the newest connection; the answer stops it. */
function feed(stage: TagStage): () => void {
  const { newest } = stage
  const sender = new FlvSender(newest, { interleavedAudio: false })
  const camera = testCamera(library)
  camera.start((frame) => {
    sender.send(frame)
    for (const { type, timestampMs, body } of newest.sent.splice(0)) newest.handlers.media(type, timestampMs, body)
  })
  return () => camera.stop()
}

test.each([
  ['asked', ASKED.min],
  ['short', 0.1],
  ['long', 1],
] as const)('with playerCache %s it begins after %d s of pictures', (playerCache, seconds) => {
  const { stage, player } = open({ playerCache })
  stage.newest.agree()
  expect(stage.take()).toEqual([2001, 2002, 2007])
  const stop = feed(stage)
  vi.advanceTimersByTime(5)
  expect(stage.take()).toEqual([2003, 2009])
  vi.advanceTimersByTime(seconds * 1000 - 1)
  expect(stage.take()).toEqual([])
  vi.advanceTimersByTime(1)
  expect(stage.take()).toEqual([2004])
  stop()
  player.close()
})

test.each([
  ['asked', ASKED.max],
  ['short', 1],
  ['long', 3],
] as const)('with playerCache %s it stands still %d s after the last picture', (playerCache, seconds) => {
  const { stage, player } = open({ playerCache })
  stage.newest.agree()
  const stop = feed(stage)
  vi.advanceTimersByTime(2005)
  stop()
  stage.take()
  // The last picture came at a tick before this one, at most a fifth of a second ago.
  vi.advanceTimersByTime(seconds * 1000 - 210)
  expect(stage.take()).toEqual([])
  vi.advanceTimersByTime(210)
  expect(stage.take()).toEqual([2105, 2007])
  const again = feed(stage)
  vi.advanceTimersByTime(1100)
  expect(stage.take()).toEqual([2003, 2004])
  again()
  player.close()
})

test.each([50, 4000])(
  'a lost play is tried again three times, each after reconnectMs = %d, then -2301',
  (reconnectMs) => {
    const { stage, player } = open({ reconnectMs })
    stage.newest.agree()
    stage.take()
    player.changeNetwork()
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(stage.take()).toEqual([2103])
      vi.advanceTimersByTime(reconnectMs - 1)
      expect(stage.connections).toHaveLength(attempt)
      vi.advanceTimersByTime(1)
      expect(stage.connections).toHaveLength(attempt + 1)
      stage.newest.handlers.closed('HTTP 404')
    }
    expect(stage.take()).toEqual([-2301])
    vi.advanceTimersByTime(10_000)
    expect(stage.connections).toHaveLength(4)
    player.close()
  },
)

test('a play that comes back counts its attempts anew', () => {
  const { stage, player } = open({ reconnectMs: 100 })
  stage.newest.agree()
  for (let round = 0; round < 5; round++) {
    player.changeNetwork()
    vi.advanceTimersByTime(100)
    stage.newest.agree()
    const stop = feed(stage)
    vi.advanceTimersByTime(1000)
    stop()
  }
  expect(stage.codes.filter((code) => code === 2103)).toHaveLength(5)
  expect(stage.codes).not.toContain(-2301)
  player.close()
})

test.each([
  ['too long', 10, -2301],
  ['short enough', 100, undefined],
])('with urlLimit an address that is %s', (_, urlLimit, code) => {
  const { stage, player } = open({ urlLimit })
  expect([stage.codes[0], stage.connections.length]).toEqual([code, code === undefined ? 1 : 0])
  player.close()
})
