import type { MediaFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { gopCacheLimits } from '../config/limits.js'
import type { PlayerNeeds } from '../hub/needs.js'
import { Stream, type Publication } from '../hub/index.js'
import { StreamKey } from '../hub/stream-key.js'
import { silentLog } from '../observe/log.js'
import { aacConfig, echoEngine, FakeChildren, h264Config, picture, sound } from './codecs.fake.js'
import { derivedInfo, Transcoder } from './transcoder.js'
import type { Engine } from './worker/converter.js'

const WEBRTC: PlayerNeeds = { name: 'webrtc', audio: ['opus'], video: ['h264', 'vp8'], reordered: false }
const WITHOUT_H264: PlayerNeeds = { name: 'webrtc-vp8', audio: ['opus'], video: ['vp8'], reordered: false }
const SECOND = 1_000_000

interface Rig {
  readonly clock: VirtualClock
  readonly children: FakeChildren
  readonly transcoder: Transcoder
  readonly stream: Stream
  readonly publication: Publication
}

function rig(engine?: Engine | null, spare = false): Rig {
  const clock = new VirtualClock()
  const children = new FakeChildren(clock, engine)
  const transcoder = new Transcoder({ clock, log: silentLog, spawn: children.spawn, spare })
  transcoder.start()
  const limits = {
    gopCache: gopCacheLimits,
    graceMicros: 15 * SECOND,
    silentMicros: 10 * SECOND,
    headerWaitMicros: 500_000,
    trackSilentMicros: 5_000_000,
  }
  const stream = new Stream(StreamKey.plain('live/cam'), clock, limits, () => undefined)
  const info = { id: 'p', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined }
  const publication = stream.publish(info)!
  clock.advance(SECOND)
  return { clock, children, transcoder, stream, publication }
}

function collect(into: MediaFrame[] = []) {
  return { frames: into, handleFrame: (frame: MediaFrame) => void into.push(frame), handleEnd: () => undefined }
}

const names = (frames: readonly MediaFrame[]) =>
  frames.map(
    (frame) =>
      `${frame.config.codec}@${String(frame.pts / 1000)}${frame.keyframe && frame.config.kind === 'video' ? 'k' : ''}`,
  )

test('sound is converted and pictures are handed on, from the cached start on', () => {
  const { clock, transcoder, stream, publication } = rig()
  for (const frame of [picture('I', 0), sound(5000), picture('P', 40_000), sound(26_000)]) publication.push(frame)
  const sink = collect()
  transcoder.derive(stream, WEBRTC).subscribe(sink, 'gop')
  expect(names(sink.frames)).toEqual(['h264@0k', 'h264@40'])
  clock.advance(10_000)
  expect(names(sink.frames)).toEqual(['h264@0k', 'h264@40', 'opus@5', 'opus@26'])
  publication.push(sound(47_000))
  clock.advance(2000)
  expect(names(sink.frames).at(-1)).toBe('opus@47')
  const later = collect()
  transcoder.derive(stream, WEBRTC).subscribe(later, 'gop')
  expect(names(later.frames)).toEqual(names(sink.frames))
})

test('one conversion serves all viewers and needs, and is gone 5 s after the last', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(picture('I', 0))
  publication.push(sound(0))
  const leave = [
    transcoder.derive(stream, WEBRTC).subscribe(collect(), 'gop'),
    transcoder.derive(stream, WEBRTC).subscribe(collect(), 'gop'),
    transcoder.derive(stream, WITHOUT_H264).subscribe(collect(), 'gop'),
  ]
  clock.advance(10_000)
  expect(transcoder.conversions.map(({ conversion }) => conversion).sort()).toEqual(['audio-to-opus', 'video-to-vp8'])
  expect(transcoder.lanes.map(({ conversions }) => conversions)).toEqual([1, 1])
  for (const one of leave) one()
  clock.advance(4.9 * SECOND)
  expect(transcoder.conversions).toHaveLength(2)
  clock.advance(0.2 * SECOND)
  expect(transcoder.conversions).toHaveLength(0)
  expect(transcoder.derivedStreams).toHaveLength(0)
  expect(transcoder.lanes.map(({ conversions }) => conversions)).toEqual([0, 0])
  expect(stream.subscribers).toBe(0)
})

test('a viewer who returns within 5 s finds the conversion running', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(picture('I', 0))
  publication.push(sound(1000))
  transcoder.derive(stream, WEBRTC).subscribe(collect(), 'gop')()
  clock.advance(4 * SECOND)
  const sink = collect()
  transcoder.derive(stream, WEBRTC).subscribe(sink, 'gop')
  clock.advance(4 * SECOND)
  expect(names(sink.frames)).toEqual(['h264@0k', 'opus@1'])
})

test('an unused derived stream is removed', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(sound(0))
  transcoder.derive(stream, WEBRTC)
  expect(stream.subscribers).toBe(0)
  clock.advance(5.1 * SECOND)
  expect(transcoder.derivedStreams).toHaveLength(0)
})

test('a publisher that comes back is converted on, in rising time', () => {
  const { clock, transcoder, stream, publication } = rig()
  const sink = collect()
  transcoder.derive(stream, WEBRTC).subscribe(sink, 'gop')
  for (let index = 0; index < 5; index++) publication.push(sound(clock.now() + index * 20_000))
  clock.advance(100_000)
  publication.end()
  clock.advance(2 * SECOND)
  expect(transcoder.conversions).toHaveLength(0)
  const again = stream.publish({ id: 'q', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined })!
  const other = { ...aacConfig }
  for (let index = 0; index < 5; index++) again.push({ ...sound(index * 20_000, other), receivedAt: clock.now() })
  clock.advance(100_000)
  const times = sink.frames.map((frame) => frame.pts)
  expect(times).toHaveLength(10)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(transcoder.conversions).toHaveLength(1)
})

test('tracks are known when the conversions have begun, and asking for them begins them', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(picture('I', 0))
  publication.push(sound(1000))
  let codecs: (string | undefined)[] | undefined
  const derived = transcoder.derive(stream, WITHOUT_H264)
  derived.whenTracksKnown(() => (codecs = [derived.tracks.video?.codec, derived.tracks.audio?.codec]))
  expect(codecs).toBeUndefined()
  clock.advance(10_000)
  expect(codecs).toEqual(['vp8', 'opus'])
})

test('sound waits for the first converted picture, and what is older is left out', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(picture('I', 0))
  for (let ms = 0; ms < 400; ms += 20) {
    publication.push(picture('P', ms * 1000 + 10_000))
    publication.push(sound(ms * 1000))
  }
  const sink = collect()
  transcoder.derive(stream, WITHOUT_H264).subscribe(sink, 'gop')
  clock.advance(20_000)
  expect(sink.frames[0]!.config.codec).toBe('vp8')
  expect(sink.frames[0]!.keyframe).toBe(true)
  // Pictures older than 100 ms are decoded, not encoded.
  expect(sink.frames[0]!.pts).toBe(290_000)
  expect(sink.frames.find((frame) => frame.config.kind === 'audio')!.pts).toBe(300_000)
})

const REORDERED = { ...h264Config, reorderFrames: 2 }

test('B-frames are converted away', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(picture('I', 80_000, REORDERED, 0))
  const sink = collect()
  transcoder.derive(stream, WEBRTC).subscribe(sink, 'gop')
  clock.advance(5000)
  publication.push(picture('P', 200_000, REORDERED, 40_000))
  publication.push(picture('B', 120_000, REORDERED, 80_000))
  clock.advance(5000)
  expect(sink.frames.every((frame) => frame.dts === frame.pts)).toBe(true)
  expect(transcoder.conversions[0]).toMatchObject({
    conversion: 'video-without-b-frames',
    framesIn: 3,
    state: 'running',
  })
})

test('without an engine B-slices and unconvertible tracks are omitted, and the viewer stays', () => {
  const { clock, transcoder, stream, publication } = rig(null)
  clock.advance(SECOND)
  expect(transcoder.lanes[0]).toMatchObject({ state: 'off', reasons: ['echo is not available: not here'] })
  const sink = collect()
  const derived = transcoder.derive(stream, WEBRTC)
  derived.subscribe(sink, 'gop')
  publication.push(picture('I', 80_000, REORDERED, 0))
  publication.push(picture('P', 200_000, REORDERED, 40_000))
  publication.push(picture('B', 120_000, REORDERED, 80_000))
  publication.push(sound(90_000))
  clock.advance(SECOND)
  expect(names(sink.frames)).toEqual(['h264@80k', 'h264@200'])
  expect(sink.frames.map((frame) => frame.dts)).toEqual([80_000, 200_000])
  expect(derivedInfo(transcoder, StreamKey.plain('live/cam'))).toEqual([
    { for: 'webrtc', video: 'drop-b-frames', audio: 'omit', framesLeftOut: 1 },
  ])
})

test('an order that only the time stamps tell is found out', () => {
  const untold = { ...h264Config }
  delete (untold as { reorderFrames?: number }).reorderFrames
  const { clock, transcoder, stream, publication } = rig()
  for (const [type, pts, dts] of [
    ['I', 80, 0],
    ['P', 200, 40],
    ['B', 120, 80],
  ] as const) {
    publication.push(picture(type, pts * 1000, untold, dts * 1000))
  }
  transcoder.derive(stream, WEBRTC).subscribe(collect(), 'gop')
  clock.advance(SECOND)
  expect(transcoder.conversions[0]?.conversion).toBe('video-without-b-frames')
})

test.each(['killed', 'hanging'] as const)('a codec process that is %s costs a short gap', (how) => {
  const { clock, children, transcoder, stream, publication } = rig()
  const sink = collect()
  transcoder.derive(stream, WEBRTC).subscribe(sink, 'gop')
  publication.push(picture('I', clock.now()))
  const push = (until: number) => {
    for (; clock.now() < until; clock.advance(20_000)) publication.push(sound(clock.now()))
  }
  push(3 * SECOND)
  for (const child of [...children.alive]) {
    if (how === 'killed') child.kill()
    else child.hanging = true
  }
  push(8 * SECOND)
  const times = sink.frames.filter((frame) => frame.config.codec === 'opus').map((frame) => frame.pts)
  const gaps = times.map((pts, index) => pts - (times[index - 1] ?? pts))
  // A quick restart is made up for by the last moments of sound, which are kept.
  expect(Math.max(...gaps)).toBeLessThan(how === 'killed' ? 0.1 * SECOND : 1.5 * SECOND)
  expect(gaps.filter((gap) => gap > 20_000).length).toBeLessThanOrEqual(1)
  expect(times.at(-1)).toBeGreaterThan(6.9 * SECOND)
  expect(transcoder.lanes[0]).toMatchObject({ state: 'ready', crashes: 1, hangs: how === 'killed' ? 0 : 1 })
})

test('a standby process replaces a lost one immediately', () => {
  const { clock, children, transcoder, stream, publication } = rig(undefined, true)
  clock.advance(2 * SECOND)
  expect(children.alive.size).toBe(3)
  const sink = collect()
  transcoder.derive(stream, WEBRTC).subscribe(sink, 'gop')
  for (let index = 0; index < 200; index++) {
    if (index === 50) [...children.alive][0]!.kill()
    publication.push({ ...sound(index * 20_000), receivedAt: clock.now() })
    clock.advance(20_000)
  }
  const times = sink.frames.map((frame) => frame.pts)
  expect(times).toEqual(Array.from({ length: 200 }, (_, index) => index * 20_000))
  expect(transcoder.lanes[0]).toMatchObject({ crashes: 1 })
  transcoder.close()
  expect(children.alive.size).toBe(0)
})

test('a process that keeps crashing is off for a minute, then tried again', () => {
  const { clock, children, transcoder } = rig()
  for (let crash = 0; crash < 5; crash++) {
    expect(transcoder.lanes[0]!.state).toBe('ready')
    for (const child of children.alive) child.kill()
    clock.advance(2 * SECOND)
  }
  expect(transcoder.lanes.map(({ state }) => state)).toEqual(['off', 'off'])
  expect(children.alive.size).toBe(0)
  clock.advance(58.1 * SECOND)
  expect(children.alive.size).toBe(2)
  clock.advance(SECOND)
  expect(transcoder.lanes.map(({ state }) => state)).toEqual(['ready', 'ready'])
})

test('a conversion that fails is tried again, B-frames are left out meanwhile', () => {
  const { clock, transcoder, stream, publication } = rig()
  const sink = collect()
  const derived = transcoder.derive(stream, WEBRTC)
  derived.subscribe(sink, 'gop')
  const poison = { ...picture('I', 0, REORDERED), units: [new Uint8Array([0xff])] }
  publication.push(poison)
  clock.advance(10_000)
  expect(derived.modes.video).toBe('drop-b-frames')
  publication.push(picture('I', 100_000, REORDERED))
  expect(names(sink.frames)).toEqual(['h264@100k'])
  clock.advance(1.1 * SECOND)
  publication.push(picture('I', 200_000, REORDERED))
  clock.advance(10_000)
  expect(derived.modes.video).toBe('convert')
})

test('codecs that stay behind give way to leaving B-frames out', () => {
  const late: MediaFrame[] = []
  const engine: Engine = {
    ...echoEngine,
    name: 'late',
    createConverter: (_order, emit) => ({
      handleFrame(frame) {
        late.push(frame)
        if (late.length > 75) emit({ ...late.shift()!, config: { ...h264Config }, keyframe: true })
      },
      handleAdvance: () => undefined,
      handleKeyframeRequest: () => undefined,
      close: () => undefined,
    }),
  }
  const { clock, transcoder, stream, publication } = rig(engine)
  const sink = collect()
  const derived = transcoder.derive(stream, WEBRTC)
  derived.subscribe(sink, 'gop')
  const modes = new Set<string>()
  for (let index = 0; index < 250; index++) {
    const at = clock.now()
    publication.push({
      ...picture(index % 25 === 0 ? 'I' : index % 2 === 0 ? 'P' : 'B', at, REORDERED),
      receivedAt: at,
    })
    clock.advance(40_000)
    modes.add(derived.modes.video)
  }
  expect([...modes]).toEqual(['convert', 'drop-b-frames'])
  expect(transcoder.conversions[0]).toMatchObject({ conversion: 'video-without-b-frames', failures: 1 })
  const last = sink.frames.slice(-10)
  expect(last.every((frame, index) => index === 0 || frame.pts > last[index - 1]!.pts)).toBe(true)
  expect(clock.now() - last.at(-1)!.receivedAt).toBeLessThan(100_000)
})

test('players of FLV get silence while a browser sends no sound', () => {
  const silences: number[] = []
  const engine: Engine = {
    ...echoEngine,
    createConverter: (order, emit, fail) => ({
      ...echoEngine.createConverter(order, emit, fail),
      handleAdvance: (pts) => void silences.push(pts),
    }),
  }
  const { clock, transcoder, stream, publication } = rig(engine)
  const flv: PlayerNeeds = { name: 'flv', audio: ['aac'], video: ['h264'], reordered: true }
  transcoder.derive(stream, flv).subscribe(collect(), 'gop')
  const opus = { ...aacConfig, codec: 'opus' } as const
  const push = (times: number) => {
    for (let index = 0; index < times; index++) {
      publication.push(sound(clock.now(), opus))
      clock.advance(20_000)
    }
  }
  push(50)
  expect(silences).toEqual([])
  clock.advance(SECOND)
  // The stream's time begins at 0 with its first frame; silence stays 240 ms behind, for what is only late.
  expect(silences.length).toBeGreaterThan(17)
  expect(silences[0]).toBeGreaterThan(980_000)
  expect(silences.at(-1)).toBeGreaterThan(1_700_000)
  expect(silences.at(-1)).toBeLessThanOrEqual(1_760_000)
  const before = silences.length
  push(50)
  expect(silences.length).toBe(before)
})

test('the end of the stream ends its viewers and conversions', () => {
  const { clock, transcoder, stream, publication } = rig()
  publication.push(sound(0))
  let ended = ''
  transcoder
    .derive(stream, WEBRTC)
    .subscribe({ handleFrame: () => undefined, handleEnd: (reason) => (ended = reason) }, 'gop')
  publication.push(sound(20_000))
  clock.advance(10_000)
  expect(transcoder.conversions).toHaveLength(1)
  stream.end('kicked')
  expect(ended).toBe('kicked')
  expect(transcoder.conversions).toHaveLength(0)
  transcoder.close()
  clock.advance(10 * SECOND)
  expect(clock.pending).toBe(0)
})
