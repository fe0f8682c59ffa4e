import { expect, test } from 'vitest'
import { audioConfig, SECOND, Stage, videoConfig } from './stage.js'

test('a viewer that stopped reading does not hold back the others', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 1, gop: 50 })
  const stopped = stage.watch()
  const good = stage.watch()
  stopped.transport.open = false
  stage.play(publication, video, { from: 40_000, frames: 200, gop: 50, bytes: 5000 })
  expect(good.transport.lines.filter((line) => /^(key|video)/.test(line))).toHaveLength(201)
})

test('a viewer with more than 3 s of backlog skips to the next keyframe with the right configuration', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const small = videoConfig(640, 360)
  const large = videoConfig()
  stage.play(publication, small, { frames: 1, gop: 500 })
  const { transport, viewer } = stage.watch()
  transport.open = false
  stage.play(publication, small, { from: 40_000, frames: 100, gop: 500 })
  stage.play(publication, large, { from: 4_040_000, frames: 3, gop: 500 })
  transport.open = true
  viewer.handleDrain()
  const after = transport.lines.slice(transport.lines.indexOf('config 1280'))
  expect(after).toEqual(['config 1280', 'key 4040', 'video 4080', 'video 4120'])
  expect(viewer.droppedFrames).toBeGreaterThan(50)
})

test('a viewer with more than 4 MiB of backlog does too, and memory stays bounded', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 1, gop: 500 })
  const { transport, viewer } = stage.watch()
  transport.open = false
  let worst = 0
  for (let i = 1; i < 60; i++) {
    publication.push(stage.frame(video, i * 40_000, false, 200_000))
    worst = Math.max(worst, viewer.queuedBytes - transport.buffered)
  }
  expect(worst).toBeLessThanOrEqual(4 * 1024 * 1024 + 200_001)
})

test('audio survives the drop while little of it waits', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  const audio = audioConfig()
  stage.play(publication, video, { frames: 1, gop: 500, audio })
  const { transport, viewer } = stage.watch()
  transport.open = false
  stage.play(publication, video, { from: 40_000, frames: 90, gop: 500, audio })
  transport.open = true
  viewer.handleDrain()
  const drained = transport.lines.slice(transport.lines.indexOf('audio 5') + 2)
  expect(drained.filter((line) => line.startsWith('audio')).length).toBeGreaterThan(20)
  expect(drained.filter((line) => line.startsWith('video')).length).toBeLessThan(3)
})

test('a viewer more than a second behind returns to live at a keyframe', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 1, gop: 50 })
  const { transport, viewer } = stage.watch()
  transport.open = false
  stage.play(publication, video, { from: 40_000, frames: 49, gop: 500 })
  const before = transport.lines.length
  publication.push(stage.frame(video, 2_000_000, true))
  transport.open = true
  viewer.handleDrain()
  expect(transport.lines.slice(before)).toEqual(['key 2000'])
})

test('a viewer that reads nothing for 10 s is disconnected', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 1, gop: 50 })
  const { transport } = stage.watch()
  transport.open = false
  stage.play(publication, video, { from: 40_000, frames: 5, gop: 50 })
  stage.clock.advance(9 * SECOND)
  expect(transport.closed).toBeUndefined()
  stage.clock.advance(1 * SECOND)
  expect(transport.closed).toBe('stalled')
})
