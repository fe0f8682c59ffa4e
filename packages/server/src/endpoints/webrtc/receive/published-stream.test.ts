import type { MediaFrame, Micros, VideoConfig } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { beforeEach, expect, test } from 'vitest'
import type { Grant } from '../../../auth/index.js'
import { gopCacheLimits, publisherLimits } from '../../../config/index.js'
import { Connections, StreamHub, StreamKey } from '../../../hub/index.js'
import { cachedStart } from '../../../hub/start.js'
import { Metrics, silentLog } from '../../../observe/index.js'
import { PublishedStream, type StreamMedia } from './published-stream.js'

const SECOND: Micros = 1_000_000
const MS: Micros = 1000
const KEY = StreamKey.room('ann')
const GRANT: Grant = {
  ...{ ok: true, key: KEY, subject: 'ann' },
  ...{ opened: () => undefined, closed: () => undefined, onRevoked: () => undefined },
}
const MEDIA: readonly StreamMedia[] = [
  { mid: '0', kind: 'audio', rids: [], remote: [] },
  { mid: '1', kind: 'video', rids: ['h', 'l'], remote: [] },
]

const configOf = (width: number, height: number): VideoConfig => ({
  ...{ kind: 'video', codec: 'h264', description: Uint8Array.of(1), parameterSets: [], nalLengthSize: 4 },
  ...{ width, height, codecString: 'avc1.42e01f', orientation: 0 },
})
const CONFIGS = { h: configOf(1280, 720), l: configOf(320, 180) } as const

let clock: VirtualClock
let hub: StreamHub
let stream: PublishedStream
let asked: string[]

beforeEach(() => {
  clock = new VirtualClock(SECOND)
  hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits })
  asked = []
  stream = new PublishedStream({
    environment: {
      ...{ hub, clock, log: silentLog, connections: new Connections(), metrics: new Metrics() },
      newConnectionId: () => 'c',
    },
    ...{ protocol: 'webrtc', connectionId: 'c', remoteAddress: '' },
    requestKeyframe: (_mid, rid) => asked.push(rid ?? ''),
    onEnded: (reason) => asked.push(reason),
  })
  stream.take(GRANT)
  stream.setMedia(MEDIA)
})

function give(rid: 'h' | 'l', keyframe = false): void {
  stream.handleFrame('1', rid, { ...frameAt(clock.now()), config: CONFIGS[rid], keyframe })
}

const frameAt = (at: Micros): Omit<MediaFrame, 'config' | 'keyframe'> => ({
  ...{ pts: at, dts: at, units: [Uint8Array.of(1)], receivedAt: at, droppable: false },
})

const smallState = (): string | undefined => hub.get(KEY.small)?.state

test('the lower stream begins with the first picture of its layer and ends 3 s after the last', () => {
  hub.open(KEY.small).subscribe({ handleFrame: () => undefined, handleEnd: () => undefined }, 'live')
  give('h', true)
  expect(smallState()).toBe('idle')
  give('l', true)
  expect(smallState()).toBe('live')
  for (let i = 0; i < 100; i++) {
    clock.advance(40 * MS)
    give('l')
    give('h')
  }
  clock.advance(2900 * MS)
  give('h')
  expect(smallState()).toBe('live')
  clock.advance(200 * MS)
  give('h')
  expect(smallState()).toBe('grace')
  expect(hub.get(KEY)?.state).toBe('live')
})

test('a lower layer that comes back without a keyframe is asked for one', () => {
  give('h', true)
  give('l', true)
  clock.advance(4 * SECOND)
  give('l')
  expect(smallState()).toBeUndefined()
  expect(asked).toEqual(['l'])
  give('l', true)
  expect(smallState()).toBe('live')
})

test('the end takes the lower stream along, and the hub may take both', () => {
  give('h', true)
  give('l', true)
  stream.end()
  expect([hub.get(KEY), smallState()]).toEqual([undefined, undefined])
  expect(stream.take(GRANT)).toBeUndefined()
  give('h', true)
  give('l', true)
  hub.get(KEY)!.kickPublisher()
  expect(asked).toEqual(['h', 'kicked'])
  expect(smallState()).toBeUndefined()
})

test('a lower stream that the hub takes away stays away, and the stream goes on', () => {
  give('h', true)
  give('l', true)
  hub.get(KEY.small)!.kickPublisher()
  give('l', true)
  give('h')
  expect(smallState()).toBeUndefined()
  expect(hub.get(KEY)?.framesIn).toBe(2)
})

test('another subject cannot take the key', () => {
  hub.get(KEY)!.kickPublisher()
  hub.open(KEY).publish({ id: 'x', protocol: 'rtmp', remoteAddress: '', subject: 'bob', onClose: () => undefined })
  expect(stream.take(GRANT)).toMatchObject({ code: 'BUSY' })
})

test('a viewer more than a second after a keyframe makes the server request another, and gets no old media', () => {
  const player = hub.get(KEY)!
  give('h', true)
  clock.advance(900 * MS)
  give('h')
  expect(cachedStart(player, 'keyframe')).toHaveLength(2)
  clock.advance(200 * MS)
  give('h')
  expect(player.cachedFrames).toHaveLength(3)
  expect(cachedStart(player, 'keyframe')).toBeUndefined()
  expect(player.requestKeyframe()).toBe(true)
  expect(asked).toEqual(['h'])
})

test('a stream that was silent and is opened again asks for a keyframe to begin with', () => {
  hub.get(KEY)!.subscribe({ handleFrame: () => undefined, handleEnd: () => undefined }, 'live')
  give('h', true)
  clock.advance(12 * SECOND)
  expect(asked).toEqual(['timeout'])
  expect(stream.isOpen).toBe(false)
  expect(stream.take(GRANT)).toBeUndefined()
  expect(asked).toEqual(['timeout', 'h'])
})
