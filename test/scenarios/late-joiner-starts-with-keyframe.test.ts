import { expect, test } from 'vitest'
import { audioConfig, Stage, videoConfig } from './stage.js'

test('a viewer who joins in mid-GOP gets the header, configurations and the keyframe first, at time 0', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 53, gop: 50, audio: audioConfig() })
  const { transport } = stage.watch()
  expect(transport.lines.slice(0, 5)).toEqual(['start videoaudio', 'config 1280', 'key 0', 'config aac', 'audio 5'])
  expect(transport.lines.slice(-2)).toEqual(['video 80', 'audio 85'])
})

test('the frames after it follow without a gap or a repetition', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 3, gop: 50 })
  const { transport } = stage.watch()
  stage.play(publication, video, { from: 120_000, frames: 2, gop: 50 })
  expect(transport.lines).toEqual([
    'start video',
    'config 1280',
    'key 0',
    'video 40',
    'video 80',
    'key 120',
    'video 160',
  ])
})

test('without a cached keyframe a viewer sees no video before the next one', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  publication.push(stage.frame(video, 0, false))
  const { transport } = stage.watch()
  publication.push(stage.frame(video, 40_000, false))
  publication.push(stage.frame(video, 80_000, true))
  publication.push(stage.frame(video, 120_000, false))
  expect(transport.lines).toEqual(['start video', 'config 1280', 'key 0', 'video 40'])
})
