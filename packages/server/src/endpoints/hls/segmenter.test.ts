import {
  readBox,
  readFragmentTracks,
  type AudioConfig,
  type FragmentTrack,
  type MediaFrame,
  type VideoConfig,
} from '@crossroom/media'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hlsLimits } from '../../config/limits.js'
import { SilenceFiller } from '../../hub/index.js'
import { playlistOf } from './playlist.js'
import { expectContinues, readPlaylist, type ListedPlaylist } from './playlist.fake.js'
import { Segmenter } from './segmenter.js'
import { HlsWindow, type Part } from './window.js'

const SECOND = 1_000_000
const video: VideoConfig = {
  ...{
    kind: 'video',
    codec: 'h264',
    description: Uint8Array.from([1, 0x42, 0, 0x1f, 0xff, 0xe0, 0]),
    parameterSets: [],
  },
  ...{ nalLengthSize: 4, width: 640, height: 360, codecString: 'avc1.42001f', orientation: 0 },
}
const audio: AudioConfig = {
  ...{ kind: 'audio', codec: 'aac', description: Uint8Array.from([0x11, 0x90]), sampleRate: 48_000, channels: 2 },
  ...{ samplesPerFrame: 1024, codecString: 'mp4a.40.2' },
}

let names = 0
const newName = (): string => `n${String(names++)}`

function rig() {
  const window = new HlsWindow(100, newName)
  const segmenter = new Segmenter({ window, newName, wallClockOf: ({ receivedAt }) => 1e12 + receivedAt / 1000 })
  return { window, segmenter }
}

const frame = (config: VideoConfig | AudioConfig, dts: number, keyframe = true): MediaFrame => ({
  ...{ config, dts, pts: dts, keyframe, units: [new Uint8Array(40)], receivedAt: dts, droppable: false },
})

/** Frames of `seconds`, in order of dts; `fps` 0 is sound alone. */
function stream(
  seconds: number,
  fps: number,
  gop: number,
  hasAudio: boolean,
  jitter: (index: number) => number = () => 0,
) {
  const frames: MediaFrame[] = []
  for (let index = 0; fps > 0 && index < seconds * fps; index++) {
    const dts = Math.max(0, Math.round((index * 1000) / fps + jitter(index)) * 1000)
    frames.push(frame(video, dts, index % Math.max(1, Math.round(gop * fps)) === 0))
  }
  for (let index = 0; hasAudio && index * 1024 < seconds * 48_000; index++)
    frames.push(frame(audio, Math.round((index * 1024 * SECOND) / 48_000)))
  return frames.sort((one, other) => one.dts - other.dts)
}

/** What the first `moof` of a part holds. */
const tracksOf = ({ bytes }: Part): FragmentTrack[] | undefined =>
  readFragmentTracks(bytes.subarray(0, readBox(bytes, 0)!.end))

function run(frames: readonly MediaFrame[]) {
  const { window, segmenter } = rig()
  segmenter.expect({ ...(frames.some(({ config }) => config === video) ? { video } : {}), audio })
  for (const one of frames) segmenter.push(one)
  return { window, segmenter }
}

test.each([25, 30, 24, 15, 50, 60])(
  'at %i pictures per second a GOP of 2 s is a segment of parts between pictures',
  (fps) => {
    const { window } = run(stream(11, fps, 2, true))
    const complete = window.segments.slice(0, 5)
    expect(complete.map(({ duration }) => Math.round(duration / 1000))).toEqual([2000, 2000, 2000, 2000, 2000])
    for (const { parts } of complete) {
      expect(parts.map(({ isIndependent }) => isIndependent)).toEqual([true, ...parts.slice(1).map(() => false)])
      for (const part of parts) expect(tracksOf(part)).toBeDefined()
    }
  },
)

test('a segment without a keyframe ends before the target duration, and one with many is not shorter than a second', () => {
  const long = run(stream(30, 25, 10, true)).window
  for (const { duration } of long.segments) expect(duration).toBeLessThanOrEqual(hlsLimits.segmentMicros)
  const starts = long.segments.filter(({ parts }) => parts[0]!.isIndependent)
  expect(starts.length).toBeGreaterThanOrEqual(2)
  const short = run(stream(10, 25, 0.2, true)).window
  for (const { duration } of short.segments.slice(0, -1)) expect(duration).toBeGreaterThanOrEqual(SECOND)
})

test('sound before the first picture is in the first part', () => {
  const { window, segmenter } = rig()
  segmenter.expect({ video, audio })
  for (let index = 0; index < 10; index++) segmenter.push(frame(audio, index * 21_333))
  for (const one of stream(2, 25, 1, true)) segmenter.push({ ...one, dts: one.dts + 213_330, pts: one.pts + 213_330 })
  const sound = tracksOf(window.segments[0]!.parts[0]!)?.find(({ trackId }) => trackId === 2)
  expect(sound).toMatchObject({ baseDecodeTime: 0, samples: expect.any(Number) as number })
  expect(window.segments[0]!.parts[0]!.isIndependent).toBe(true)
})

test('another size, a gap and another publisher begin a segment behind a discontinuity, with their own init segment', () => {
  const { window, segmenter } = run(stream(3, 25, 1, true))
  const push = (from: number, config: VideoConfig): void => {
    for (const one of stream(1.2, 25, 1, true)) {
      const moved = { ...one, dts: one.dts + from, pts: one.pts + from }
      segmenter.push(one.config === video ? { ...moved, config } : moved)
    }
  }
  push(3 * SECOND, { ...video, width: 1280, height: 720, description: Uint8Array.from([1, 0x4d, 0, 0x1f]) })
  push(9 * SECOND, { ...video, width: 1280, height: 720, description: Uint8Array.from([1, 0x4d, 0, 0x1f]) })
  segmenter.interrupt()
  segmenter.expect({ video, audio })
  push(11 * SECOND, video)
  const kinds = window.segments.filter(({ isDiscontinuous }) => isDiscontinuous)
  expect(kinds).toHaveLength(3)
  expect(new Set(window.segments.map(({ init }) => init.name)).size).toBe(3)
  expect(readPlaylist(playlistOf(window)).segments.at(-1)!.discontinuity).toBe(3)
})

test('a reload waits for its part or its segment; a part behind the last one is the first of the next segment', () => {
  const { window } = run(stream(5.9, 25, 2, true))
  const current = window.currentNumber
  expect(window.segments.map(({ number }) => number)).toEqual([100, 101, 102])
  const there = (segment: number, part?: number): boolean => window.isThere({ segment, part })
  expect([there(current - 1), there(current), there(current + 1)]).toEqual([true, false, false])
  const parts = window.open!.parts.length
  expect([there(current, parts - 1), there(current, parts), there(current, 5000)]).toEqual([true, false, false])
  expect([there(current - 1, 4), there(current - 1, 4000)]).toEqual([true, true])
  expect([there(0), there(3, 9)]).toEqual([true, true])
  const tooFar = [current, current + 1, current + 2, Number.MAX_SAFE_INTEGER].map((segment) =>
    window.isTooFar({ segment, part: 0 }),
  )
  expect(tooFar).toEqual([false, false, true, true])
  window.finish()
  expect([there(current), there(current, 5000), there(current + 1, 0)]).toEqual([true, false, false])
})

test('memory is bounded: old segments go, first those that no playlist lists, whatever the bitrate', () => {
  const { window, segmenter } = rig()
  segmenter.expect({ video })
  const heavy = new Uint8Array(2_000_000)
  for (let index = 0; index < 1000; index++)
    segmenter.push({ ...frame(video, index * 40_000, index % 50 === 0), units: [heavy] })
  expect(window.bytes).toBeLessThanOrEqual(hlsLimits.windowBytes + 4 * 50 * heavy.length)
  expect(window.segments.length).toBe(2)
  const light = run(stream(120, 5, 2, true)).window
  const kept = light.segments.reduce((sum, { duration }) => sum + duration, 0)
  expect(kept).toBeGreaterThanOrEqual(hlsLimits.windowMicros + hlsLimits.keptMicros)
  expect(kept).toBeLessThanOrEqual(hlsLimits.windowMicros + hlsLimits.keptMicros + 5 * SECOND)
})

/** One phase of a publisher: what it sends, and what happens then. */
const phase = fc.record({
  seconds: fc.double({ min: 0.1, max: 25, noNaN: true }),
  fps: fc.constantFrom(0, 1, 3, 7, 10, 14, 24, 25, 29.97, 30, 60),
  gop: fc.constantFrom(0.2, 0.5, 1, 2, 3, 4.5, 10),
  hasAudio: fc.boolean(),
  jitterMs: fc.integer({ min: 0, max: 12 }),
  gapMs: fc.constantFrom(0, 40, 250, 290, 350, 2000),
  then: fc.constantFrom('continues', 'leaves', 'changes'),
})

test('whatever a publisher sends, every playlist keeps the rules, continues the one before, and its files are there', () => {
  fc.assert(
    fc.property(fc.array(phase, { minLength: 1, maxLength: 4 }), fc.integer(), (phases, seed) => {
      const { window, segmenter } = rig()
      const filler = new SilenceFiller()
      let last: ListedPlaylist | undefined
      let version = -1
      let offset = 0
      let config = video
      const look = (): void => {
        if (window.version === version || !window.hasSegment) return
        version = window.version
        const playlist = readPlaylist(playlistOf(window))
        if (last !== undefined) expectContinues(last, playlist)
        for (const { uri, parts, map } of playlist.segments)
          for (const file of [map, ...(uri === undefined ? [] : [uri]), ...parts.map((part) => part.uri)])
            expect(window.find(file), file).toBeInstanceOf(Array)
        // A player that was slow still gets what its playlist named.
        for (const { uri } of last?.segments ?? [])
          if (uri !== undefined) expect(window.find(uri)).toBeInstanceOf(Array)
        last = playlist
      }
      for (const { seconds, fps, gop, hasAudio, jitterMs, gapMs, then } of phases) {
        const jitter = (index: number): number => (((index * 7919 + Math.abs(seed)) % 13) / 12) * jitterMs
        const frames = stream(seconds, fps, gop, hasAudio || fps === 0, jitter)
        for (const one of frames) {
          const moved = { ...one, dts: one.dts + offset, pts: one.pts + offset, receivedAt: one.dts + offset }
          const own = one.config === video ? { ...moved, config } : moved
          for (const filled of filler.process(own)) {
            segmenter.push(filled)
            look()
          }
        }
        offset += Math.round(seconds * SECOND) + gapMs * 1000
        if (then === 'leaves') segmenter.interrupt()
        else if (then === 'changes') config = { ...config, width: config.width + 2 }
        look()
      }
      window.end()
      look()
    }),
    { numRuns: 20 },
  )
}, 60_000)
