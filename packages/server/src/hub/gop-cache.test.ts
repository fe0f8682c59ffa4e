import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import { GopCache } from './gop-cache.js'

const stage = new Stage()
const video = videoConfig()
const limits = { bytes: 1000, micros: 10 * SECOND, frames: 20 }

test('holds everything since the last keyframe', () => {
  const cache = new GopCache(limits)
  cache.push(stage.frame(audioConfig(), 0))
  expect(cache.frames).toHaveLength(0)
  cache.push(stage.frame(video, 0, true))
  cache.push(stage.frame(audioConfig(), 10 * MS))
  cache.push(stage.frame(video, 40 * MS, false))
  expect(cache.frames).toHaveLength(3)
  cache.push(stage.frame(video, 80 * MS, true))
  expect(cache.frames.map((frame) => frame.dts)).toEqual([80 * MS])
})

test.each([
  ['bytes', (i: number) => stage.frame(video, i * MS, i === 0, 100)],
  ['frames', (i: number) => stage.frame(video, i * MS, i === 0)],
  ['time', (i: number) => stage.frame(video, i * SECOND, i === 0)],
])('past its limit of %s it is off until the next keyframe', (_name, make) => {
  const cache = new GopCache(limits)
  for (let i = 0; i < 25; i++) cache.push(make(i))
  expect(cache.frames).toHaveLength(0)
  expect(cache.bytes).toBe(0)
  expect(cache.overflows).toBe(1)
  cache.push(stage.frame(video, 100 * SECOND, true))
  expect(cache.frames).toHaveLength(1)
})
