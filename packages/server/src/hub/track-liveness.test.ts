import type { AudioConfig, MediaFrame, VideoConfig } from '@crossroom/media'
import { expect, test } from 'vitest'
import { TrackLiveness } from './track-liveness.js'

const SECOND = 1_000_000
const video = { kind: 'video', codec: 'h264' } as VideoConfig
const audio = { kind: 'audio', codec: 'aac' } as AudioConfig
const tracks = { video, audio }

function frame(config: VideoConfig | AudioConfig, dts: number, receivedAt = dts): MediaFrame {
  return { config, pts: dts, dts, keyframe: true, units: [], receivedAt, droppable: false }
}

function heard(...frames: readonly MediaFrame[]): TrackLiveness {
  const liveness = new TrackLiveness(5 * SECOND)
  for (const one of frames) liveness.hear(one)
  return liveness
}

test('a track is promised until the other has gone on for longer than 5 s without it, and again with its next frame', () => {
  const liveness = heard(frame(video, 0), frame(audio, 0), frame(video, 5 * SECOND))
  expect(liveness.promised(tracks, false)).toBe(tracks)
  liveness.hear(frame(video, 5 * SECOND + 1))
  expect(liveness.promised(tracks, false)).toEqual({ video })
  liveness.hear(frame(audio, 5 * SECOND + 2))
  expect(liveness.promised(tracks, false)).toBe(tracks)
})

test('the picture is judged as the sound is, unless it may rest', () => {
  const liveness = heard(frame(video, 0), frame(audio, 0), frame(audio, 6 * SECOND))
  expect(liveness.promised(tracks, false)).toEqual({ audio })
  expect(liveness.promised(tracks, true)).toBe(tracks)
})

test.each([
  ['a publisher that stalled, then sends all at once', frame(video, 20 * SECOND, 1)],
  ['a server that stood still', frame(video, 1, 20 * SECOND)],
])('%s has stopped no track', (_name, next) => {
  expect(heard(frame(video, 0), frame(audio, 0), next).promised(tracks, false)).toBe(tracks)
})

test('after another publisher began nothing is held against its tracks', () => {
  const liveness = heard(frame(video, 0), frame(audio, 0), frame(audio, 6 * SECOND))
  liveness.reset()
  expect(liveness.promised(tracks, false)).toBe(tracks)
})
