import { readBoxes, readFragmentTracks, type MediaFrame } from '@crossroom/media'
import { expect, test } from 'vitest'
import type { RecordingFormat } from '../model/journal.js'
import { aac, h264, picture, sound } from './frames.fake.js'
import { Segmenter } from './segmenter.js'

interface Segment {
  readonly startMs: number
  bytes: Uint8Array
  durationMs: number | undefined
}

function rig(segmentSeconds = 0, format: RecordingFormat = 'mp4', segmentBytes = 0) {
  const segments: Segment[] = []
  const last = (): Segment => segments.at(-1)!
  const segmenter = new Segmenter(
    { format, segmentSeconds, segmentBytes },
    {
      begin: (first) => segments.push({ startMs: first.dts / 1000, bytes: new Uint8Array(0), durationMs: undefined }),
      write: (bytes) => (last().bytes = Uint8Array.from([...last().bytes, ...bytes])),
      end: (micros) => (last().durationMs = micros / 1000),
    },
  )
  return { segmenter, segments }
}

/** Pictures at 25 a second with a keyframe each second, and sound. */
function* live(fromMs: number, toMs: number): Generator<MediaFrame> {
  for (let ms = fromMs; ms < toMs; ms += 20) {
    yield sound(ms)
    if (ms % 40 === 0) yield picture(ms, ms % 1000 === 0)
  }
}

/** Samples of each track of a segment. */
function samplesOf({ bytes }: Segment): Record<number, number> {
  const samples: Record<number, number> = {}
  for (const { type, start, end } of readBoxes(bytes)!)
    if (type === 'moof')
      for (const track of readFragmentTracks(bytes.subarray(start, end))!)
        samples[track.trackId] = (samples[track.trackId] ?? 0) + track.samples
  return samples
}

test('segments begin at the first keyframe after their time, and no frame is lost between them', () => {
  const { segmenter, segments } = rig(2)
  const frames = [...live(0, 7000)]
  for (const frame of frames) segmenter.handleFrame(frame)
  segmenter.cut()
  expect(segments.map(({ startMs }) => startMs)).toEqual([0, 2000, 4000, 6000])
  const samples = segments.map(samplesOf)
  expect(samples.reduce((sum, of) => sum + of[1]!, 0)).toBe(175)
  expect(samples.reduce((sum, of) => sum + of[2]!, 0)).toBe(350)
  for (const { durationMs } of segments.slice(0, 3)) expect(durationMs).toBeGreaterThanOrEqual(2000)
})

test('by size as well', () => {
  const { segmenter, segments } = rig(0, 'mp4', 2000)
  for (const frame of live(0, 5000)) segmenter.handleFrame(frame)
  segmenter.cut()
  expect(segments.length).toBeGreaterThan(2)
  for (const { startMs } of segments) expect(startMs % 1000).toBe(0)
})

test('sound before the first picture is kept; pictures before the first keyframe are not', () => {
  const { segmenter, segments } = rig()
  segmenter.handleFrame(sound(0))
  segmenter.handleTracksKnown({ video: true, audio: true })
  for (const frame of [
    sound(20),
    picture(30, false),
    picture(70, false),
    sound(80),
    picture(110, true),
    picture(150, false),
  ])
    segmenter.handleFrame(frame)
  segmenter.cut()
  expect(segments.map(samplesOf)).toEqual([{ 1: 2, 2: 3 }])
})

test('a stream of one track does not wait for another', () => {
  const { segmenter, segments } = rig()
  segmenter.handleFrame(sound(0))
  expect(segments.length).toBe(0)
  segmenter.handleTracksKnown({ video: false, audio: true })
  expect(segments.length).toBe(1)
  segmenter.handleFrame(sound(20))
  segmenter.cut()
  expect(segments.map(samplesOf)).toEqual([{ 2: 2 }])
})

test('another size, a track that comes late and a new session begin new segments', () => {
  const { segmenter, segments } = rig()
  segmenter.handleTracksKnown({ video: true, audio: false })
  segmenter.handleFrame(picture(0, true))
  segmenter.handleFrame(picture(40, false))
  segmenter.handleFrame(sound(60, aac))
  segmenter.handleFrame(picture(80, true, 0, { ...h264, width: 1280 }))
  segmenter.cut()
  for (const frame of [picture(5000, false), picture(5040, true), sound(5050)]) segmenter.handleFrame(frame)
  segmenter.cut()
  expect(segments.map(({ startMs }) => startMs)).toEqual([0, 60, 80, 5040])
  expect(segments.every(({ durationMs }) => durationMs !== undefined)).toBe(true)
})

test('media is written twice a second, and at the latest a second after it came', () => {
  const { segmenter, segments } = rig()
  let longest = 0
  let lastWriteMs = 0
  let written = 0
  for (const frame of live(0, 5000)) {
    segmenter.handleFrame(frame)
    const { length } = segments[0]?.bytes ?? []
    if (length !== undefined && length > written) {
      longest = Math.max(longest, frame.dts / 1000 - lastWriteMs)
      written = length
      lastWriteMs = frame.dts / 1000
    }
  }
  expect(longest).toBeLessThanOrEqual(600)
})

test('what the format cannot hold is left out by name', () => {
  const { segmenter, segments } = rig()
  segmenter.handleFrame(sound(0, { ...aac, codec: 'speex' }))
  segmenter.cut()
  expect([segments.length, [...segmenter.leftOut]]).toEqual([0, ['speex']])
})
