import type { MediaFrame, VideoFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { gopCacheLimits, publisherLimits } from '../config/limits.js'
import { Stream } from '../hub/stream.js'
import { StreamKey } from '../hub/stream-key.js'
import { silentLog } from '../observe/log.js'
import { echoEngine, FakeChildren, h264Config, picture } from './codecs.fake.js'
import { Transcoder } from './transcoder.js'
import type { Engine } from './worker/converter.js'

const SECOND = 1_000_000
const STEP = 40_000

/** A stream of one keyframe, and a transcoder whose codecs note what they are given. */
function rig() {
  const clock = new VirtualClock()
  const given: { readonly pts: number; readonly warmUp: boolean }[] = []
  const engine: Engine = {
    ...echoEngine,
    createConverter(order, emit, fail) {
      const converter = echoEngine.createConverter(order, emit, fail)
      const handleFrame = (frame: MediaFrame, warmUp: boolean): void => {
        given.push({ pts: frame.pts, warmUp })
        converter.handleFrame(frame, warmUp)
      }
      return { ...converter, handleFrame }
    },
  }
  const transcoder = new Transcoder({
    ...{ clock, log: silentLog, spawn: new FakeChildren(clock, engine).spawn, spare: false },
  })
  transcoder.start()
  const stream = new Stream(StreamKey.plain('live/cam'), clock, { gopCache: gopCacheLimits, ...publisherLimits })
  const publication = stream.publish({ id: 'p', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined })!
  clock.advance(SECOND)
  const push = (index: number, frame: Partial<VideoFrame> = {}): void => {
    const type = index === 0 ? 'I' : 'P'
    publication.push({ ...picture(type, index * STEP), receivedAt: clock.now(), ...frame })
    clock.advance(STEP)
  }
  return { clock, transcoder, stream, push, given }
}

function collect() {
  const frames: MediaFrame[] = []
  return { frames, handleFrame: (frame: MediaFrame) => void frames.push(frame), handleEnd: () => undefined }
}

test('a stream without keyframes gets a generated one of the current picture, and continues from it', () => {
  const { clock, transcoder, stream, push } = rig()
  for (let index = 0; index < 300; index++) push(index)
  const sink = collect()
  transcoder.bridge(stream)!.subscribe(sink, 'live')
  clock.advance(STEP)
  const [first] = sink.frames
  expect(first).toMatchObject({ keyframe: true, config: { codec: 'h264' } })
  expect(first!.pts).toBeGreaterThanOrEqual(296 * STEP)
  push(300)
  expect(sink.frames.at(-1)).toMatchObject({ pts: 300 * STEP, keyframe: false })
  expect(sink.frames.every(({ config }) => config.kind === 'video')).toBe(true)
})

test('unreferenced pictures are not decoded on the way to the shown picture', () => {
  const { clock, transcoder, stream, push, given } = rig()
  for (let index = 0; index < 300; index++) push(index, { droppable: index % 3 !== 0 })
  transcoder.bridge(stream)!.subscribe(collect(), 'live')
  clock.advance(STEP)
  const before = given.filter(({ warmUp }) => warmUp)
  expect(before.map(({ pts }) => pts / STEP)).toEqual(Array.from({ length: before.length }, (_, i) => i * 3))
  expect(given.filter(({ warmUp }) => !warmUp).map(({ pts }) => pts / STEP)).toEqual([297, 298, 299])
})

test('all waiting viewers share one bridge, which ends 5 s after the last of them', () => {
  const { clock, transcoder, stream, push } = rig()
  push(0)
  const leave = [0, 1].map(() => transcoder.bridge(stream)!.subscribe(collect(), 'live'))
  push(1)
  expect(transcoder.conversions).toHaveLength(1)
  for (const done of leave) done()
  clock.advance(4 * SECOND)
  expect(transcoder.conversions).toHaveLength(1)
  clock.advance(2 * SECOND)
  expect(transcoder.conversions).toEqual([])
  expect(transcoder.derivedStreams).toEqual([])
})

test('there is none where nothing is cached, for a codec that cannot be made, and for what is made anyway', () => {
  const { transcoder, stream, push } = rig()
  expect(transcoder.bridge(stream)).toBeUndefined()
  push(0)
  const bridge = transcoder.bridge(stream)!
  expect(transcoder.bridge(bridge)).toBeUndefined()
  const needs = { name: 'webrtc', audio: [], video: ['h264'], reordered: false } as const
  const passed = transcoder.derive(stream, needs)
  passed.subscribe(collect(), 'gop')
  expect(transcoder.bridge(passed)).toBe(bridge)
  const converted = transcoder.derive(stream, { ...needs, name: 'webrtc-vp8', video: ['vp8'] })
  converted.subscribe(collect(), 'gop')
  expect(transcoder.bridge(converted)).toBeUndefined()
  push(1, { keyframe: true, config: { ...h264Config, codec: 'h265' } })
  expect(transcoder.bridge(stream)).toBeUndefined()
})
