import { VirtualClock } from '@crossroom/testkit'
import { beforeEach, expect, test } from 'vitest'
import { FakeEgress } from './egress.fake.js'
import { picture, sound, TestSource } from './frames.fake.js'
import { RtpFanouts } from './rtp-fanouts.js'
import type { AudioViewer, RtpFanout, VideoViewer } from './rtp-fanout.js'

const MS = 1000
let clock: VirtualClock
let egress: FakeEgress
let fanouts: RtpFanouts
let source: TestSource
let fanout: RtpFanout

beforeEach(() => {
  clock = new VirtualClock(1_000_000)
  egress = new FakeEgress()
  fanouts = new RtpFanouts(egress, () => clock.now())
  source = new TestSource()
  fanout = fanouts.of(source)
})

const nothing = { handleLive: () => undefined, handleEnd: () => undefined }
const watcher = (track: number, admits = true): VideoViewer => ({ ...nothing, track, admits: () => admits })
const listener = (track: number, redundancy = 0) => ({ ...nothing, track, redundancy }) satisfies AudioViewer

function push(frame: ReturnType<typeof picture>): void {
  source.push(frame)
  clock.advance(20 * MS)
}

test('a picture is sent once to all its receivers; a receiver without a track is not asked', () => {
  let asked = 0
  fanout.addVideo({ ...nothing, track: 0, admits: () => ++asked > 0 })
  fanout.addVideo(watcher(5))
  fanout.addVideo(watcher(6, false))
  fanout.addVideo(watcher(7))
  push(picture(clock.now(), { keyframe: true }))
  expect(egress.frames).toMatchObject([{ source: fanout.videoSource, targets: [5, 7] }])
  expect(asked).toBe(0)
})

test('redundant audio is packed only while a receiver requests it', () => {
  const plain = listener(1)
  const lossy = { ...listener(2), redundancy: 111 }
  fanout.addAudio(plain)
  fanout.addAudio(lossy)
  for (let i = 0; i < 3; i++) push(sound(clock.now()))
  expect(egress.sources.size).toBe(3)
  expect(egress.frames.filter(({ targets }) => targets.includes(2))).toHaveLength(3)
  lossy.redundancy = 0
  egress.frames.length = 0
  for (let i = 0; i < 3; i++) push(sound(clock.now()))
  expect(egress.sources.size).toBe(2)
  expect(egress.frames.map(({ targets }) => targets)).toEqual(Array(3).fill([1, 2]))
})

test('sound is not packed without listeners', () => {
  fanout.addVideo(watcher(1))
  push(sound(clock.now()))
  push(picture(clock.now(), { keyframe: true }))
  expect(egress.frames).toHaveLength(1)
})

test('a GOP is kept for new viewers until it is too long, withheld or its publisher gone', () => {
  fanout.addVideo(watcher(1))
  push(picture(clock.now(), { keyframe: true }))
  push(picture(clock.now()))
  expect(fanout.gop).toHaveLength(2)
  for (const sink of source.sinks) sink.handleVideoWithheld?.()
  push(picture(clock.now()))
  expect(fanout.gop).toHaveLength(0)

  push(picture(clock.now(), { keyframe: true }))
  for (const sink of source.sinks) sink.handleInterrupted?.()
  expect(fanout.gop).toHaveLength(0)

  push(picture(clock.now(), { keyframe: true }))
  for (let i = 0; i < 899; i++) push(picture(clock.now()))
  expect(fanout.gop).toHaveLength(900)
  push(picture(clock.now()))
  expect(fanout.gop).toHaveLength(0)
})

test('viewers hear when live is known, and again after an interruption', () => {
  let live = 0
  fanout.addAudio({ ...listener(1), handleLive: () => void live++ })
  expect(live).toBe(0)
  push(sound(clock.now()))
  push(sound(clock.now()))
  expect(live).toBe(1)
  for (const sink of source.sinks) sink.handleInterrupted?.()
  push(sound(clock.now()))
  expect(live).toBe(2)
})

test('conversions of one stream share one time line, and an ended stream leaks nothing', () => {
  const sameStream = new TestSource(source.key)
  const soundAlone = fanouts.of(sameStream)
  const viewer = watcher(1)
  fanout.addVideo(viewer)
  const ears = listener(2)
  soundAlone.addAudio(ears)
  source.push(picture(clock.now(), { keyframe: true, pts: 0 }))
  clock.advance(50 * MS)
  expect(soundAlone.clock.liveAt(clock.now())).toBe(50 * MS)
  fanout.remove(viewer)
  soundAlone.remove(ears)
  expect(egress.sources.size).toBe(0)
  expect([source.sinks.size, sameStream.sinks.size]).toEqual([0, 0])
  expect(fanouts.of(source)).not.toBe(fanout)
  expect(fanouts.of(source).clock.liveAt(clock.now())).toBeUndefined()
})

test('viewers are told once a second when a picture was taken, by the wall clock', () => {
  fanout.addVideo(watcher(1))
  for (let i = 0; i < 100; i++)
    push({ ...picture(clock.now(), { keyframe: i === 0 }), captureTime: clock.now() - 30 * MS })
  const told = egress.frames.flatMap(({ captureWallClock }) => captureWallClock ?? [])
  expect(told).toHaveLength(2)
  expect(Math.abs(told[0]! - (Date.now() * MS - 30 * MS))).toBeLessThan(5000 * MS)
  push(picture(clock.now()))
  expect(egress.frames.at(-1)!.captureWallClock).toBeUndefined()
})

test('a stream that is over before its fanout is made leaves nothing behind', () => {
  const over = new (class extends TestSource {
    override subscribe(sink: Parameters<TestSource['subscribe']>[0]): () => void {
      sink.handleEnd('kicked')
      return () => undefined
    }
  })()
  const first = fanouts.of(over)
  const sources = egress.sources.size
  expect(fanouts.of(over)).not.toBe(first)
  expect(egress.sources.size).toBe(sources)
})
