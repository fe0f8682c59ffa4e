import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Player, type PlayerState } from './player.js'
import type { OpenSource, Protocol, SourceEvents } from './source.js'

interface Opened {
  readonly protocol: Protocol
  readonly events: SourceEvents
  closed: boolean
}

let opened: Opened[]
let states: PlayerState[]
let player: Player
let movedTo: HTMLVideoElement | undefined
let pictured: () => void

const opener =
  (protocol: Protocol): OpenSource =>
  (_video, _address, events) => {
    const source = { protocol, events, closed: false }
    opened.push(source)
    return Promise.resolve({
      sample: () => Promise.resolve({ delay: [] }),
      close: () => (source.closed = true),
      moveTo: (video: HTMLVideoElement) => (movedTo = video),
    })
  }

const ADDRESS = { origin: 'http://localhost', name: 'live/a' }

/** Sources are opened by promises; this lets them settle. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers()
  opened = []
  states = []
  const openers = { webrtc: opener('webrtc'), 'ws-flv': opener('ws-flv'), 'http-flv': opener('http-flv') }
  movedTo = undefined
  const video = { requestVideoFrameCallback: (told: () => void) => (pictured = told) } as unknown as HTMLVideoElement
  player = new Player(
    video,
    openers,
    (state) => states.push(state),
    () => ({}) as HTMLVideoElement,
  )
})

afterEach(() => {
  vi.useRealTimers()
})

test('falls back in order, closes what failed, and says what was tried', async () => {
  player.open(ADDRESS, 'auto')
  await settle()
  opened[0]!.events.failed({ reason: 'network' })
  await settle()
  opened[1]!.events.connected()
  opened[1]!.events.playing()
  expect(opened.map(({ protocol, closed }) => [protocol, closed])).toEqual([
    ['webrtc', true],
    ['ws-flv', false],
  ])
  expect(player.state).toEqual({
    kind: 'playing',
    protocol: 'ws-flv',
    setbacks: [{ protocol: 'webrtc', failure: { reason: 'network' } }],
  })
})

test('does not wait for a server that never answers', async () => {
  player.open(ADDRESS, 'auto')
  await vi.advanceTimersByTimeAsync(6_900)
  expect(opened).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(opened.map(({ protocol }) => protocol)).toEqual(['webrtc', 'ws-flv'])
})

test('a connection without picture is given up later', async () => {
  player.open(ADDRESS, 'auto')
  await settle()
  opened[0]!.events.connected()
  await vi.advanceTimersByTimeAsync(14_900)
  expect(opened).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(opened).toHaveLength(2)
})

test('waits with growing pauses for a stream that is not there, and forgets them once it plays', async () => {
  player.open(ADDRESS, 'ws-flv')
  for (const pauseMs of [500, 1000, 2000]) {
    await settle()
    opened.at(-1)!.events.failed({ reason: 'not-found' })
    expect(player.state).toEqual({ kind: 'waiting', failure: { reason: 'not-found' }, retryInMs: pauseMs })
    await vi.advanceTimersByTimeAsync(pauseMs)
    expect(player.state).toMatchObject({ kind: 'connecting', again: { reason: 'not-found' } })
  }
  opened.at(-1)!.events.playing()
  await vi.advanceTimersByTimeAsync(60_000)
  opened.at(-1)!.events.failed({ reason: 'ended' })
  expect(player.state).toMatchObject({ kind: 'waiting', retryInMs: 500 })
})

test('a refused autoplay is not taken for a server that does not answer', async () => {
  player.open(ADDRESS, 'ws-flv')
  await settle()
  opened[0]!.events.connected()
  opened[0]!.events.blocked()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(player.state).toMatchObject({ kind: 'blocked' })
  opened[0]!.events.playing()
  expect(player.state).toMatchObject({ kind: 'playing' })
})

test('a source that was left cannot speak any more, and one that opens too late is closed', async () => {
  player.open(ADDRESS, 'ws-flv')
  const late = opened[0]!
  player.open({ ...ADDRESS, name: 'live/b' }, 'http-flv')
  await settle()
  late.events.failed({ reason: 'refused' })
  late.events.playing()
  expect(late.closed).toBe(true)
  expect(player.state).toMatchObject({ kind: 'connecting', protocol: 'http-flv' })
  player.close()
  player.close()
  expect(opened[1]!.closed).toBe(true)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(opened).toHaveLength(2)
  expect(states.at(-1)).toEqual({ kind: 'idle' })
})

async function fallBack(): Promise<void> {
  player.open(ADDRESS, 'auto')
  await settle()
  opened[0]!.events.failed({ reason: 'network' })
  await settle()
  opened[1]!.events.playing()
}

test('beside a worse way WebRTC is tried again, with growing pauses, for as long as that plays', async () => {
  await fallBack()
  const triedAt: number[] = []
  for (let second = 0; second < 400; second++) {
    const before = opened.length
    await vi.advanceTimersByTimeAsync(1000)
    if (opened.length === before) continue
    triedAt.push(second + 1)
    opened.at(-1)!.events.failed({ reason: 'network' })
    expect(player.state).toMatchObject({ kind: 'playing', protocol: 'ws-flv' })
  }
  expect(triedAt).toEqual([5, 15, 35, 75, 135, 195, 255, 315, 375])
  expect(opened.slice(2).every(({ protocol, closed }) => protocol === 'webrtc' && closed)).toBe(true)
})

test('WebRTC takes over when it has a picture, and not before; a failure from then on is one of what plays', async () => {
  await fallBack()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(opened[1]!.closed).toBe(false)
  opened[2]!.events.playing()
  expect(player.state).toEqual({ kind: 'playing', protocol: 'webrtc', setbacks: [] })
  expect([opened[1]!.closed, opened[2]!.closed, movedTo !== undefined]).toEqual([true, false, true])
  pictured()
  opened[2]!.events.failed({ reason: 'network' })
  await settle()
  expect(player.state).toMatchObject({ kind: 'connecting', protocol: 'ws-flv' })
})

test('a player with a chosen protocol or without WebRTC stays on its protocol', async () => {
  player.open(ADDRESS, 'ws-flv')
  await settle()
  opened[0]!.events.playing()
  await vi.advanceTimersByTimeAsync(300_000)
  expect(opened).toHaveLength(1)
  player.open(ADDRESS, 'auto')
  await settle()
  opened[1]!.events.failed({ reason: 'unsupported' })
  await settle()
  opened[2]!.events.playing()
  await vi.advanceTimersByTimeAsync(300_000)
  expect(opened).toHaveLength(3)
})
