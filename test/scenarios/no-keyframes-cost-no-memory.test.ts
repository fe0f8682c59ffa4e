import { expect, test } from 'vitest'
import { gopCacheLimits } from '../../packages/server/src/config/limits.js'
import { MS, Stage, videoConfig } from './stage.js'

// R15 of the threat table.
test('a publisher of 20 Mbit/s without keyframes fills no cache, and viewers wait for its next keyframe', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  let worst = 0
  for (let i = 0; i < 5 * 60 * 25; i++) {
    publication.push(stage.frame(video, i * 40 * MS, i === 0, 100_000))
    worst = Math.max(worst, stage.stream.cachedFrames.length * 100_000)
    stage.clock.advance(40 * MS)
  }
  expect(worst).toBeLessThanOrEqual(gopCacheLimits.bytes)
  expect(stage.stream.cachedFrames).toHaveLength(0)
  const { transport } = stage.watch()
  publication.push(stage.frame(video, 300_000 * MS, false, 1))
  expect(transport.lines).toEqual(['start video'])
  publication.push(stage.frame(video, 300_040 * MS, true, 1))
  expect(transport.lines.slice(1)).toEqual(['config 1280', 'key 0'])
})

test('the cache turns off above 2500 frames and on again at a keyframe', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  for (let i = 0; i < 2501; i++) publication.push(stage.frame(video, i * MS, i === 0))
  expect(stage.stream.cachedFrames).toHaveLength(0)
  publication.push(stage.frame(video, 3000 * MS, true))
  expect(stage.stream.cachedFrames).toHaveLength(1)
})
