import { expect, test } from 'vitest'
import { MS, SECOND, Stage, videoConfig } from './stage.js'

test('a viewer without a cached keyframe makes the server request one from the publisher', () => {
  const stage = new Stage()
  stage.isAskable = true
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 300, gop: 1000 })
  const asked = stage.keyframeRequests
  const { transport } = stage.watch()
  expect(stage.keyframeRequests).toBe(asked + 1)
  publication.push(stage.frame(videoConfig(), 12 * SECOND, true))
  expect(transport.lines.at(-1)).toBe('key 0')
})

test('a viewer that fell behind also requests keyframes until one arrives', () => {
  const stage = new Stage()
  stage.isAskable = true
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 1, gop: 1000 })
  const { transport } = stage.watch()
  expect(stage.keyframeRequests).toBe(0)
  transport.open = false
  stage.play(publication, video, { from: 40 * MS, frames: 100, gop: 1000 })
  expect(stage.keyframeRequests).toBeGreaterThan(0)
  publication.push(stage.frame(video, 5 * SECOND, true))
  const asked = stage.keyframeRequests
  publication.push(stage.frame(video, 5.04 * SECOND, false))
  expect(stage.keyframeRequests).toBe(asked)
})
