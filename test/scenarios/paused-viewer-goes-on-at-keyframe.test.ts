import { expect, test } from 'vitest'
import { audioConfig, MS, Stage, videoConfig } from './stage.js'

const times = (lines: string[]): number[] =>
  lines.filter((line) => !/^(start|config)/.test(line)).map((line) => Number(line.split(' ')[1]))

test('a paused viewer gets nothing; it resumes at the next keyframe, at the live time', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 5, gop: 50 })
  const { transport, viewer } = stage.watch()
  viewer.setPaused(true)
  const before = transport.lines.length
  stage.play(publication, video, { from: 200 * MS, frames: 10, gop: 500 })
  expect(transport.lines).toHaveLength(before)
  viewer.setPaused(false)
  publication.push(stage.frame(video, 640 * MS, false))
  expect(transport.lines).toHaveLength(before)
  publication.push(stage.frame(video, 680 * MS, true))
  expect(transport.lines.slice(before)).toEqual(['key 680'])
})

test('a configuration that changed during the pause is sent first, and audio resumes immediately', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const audio = audioConfig()
  stage.play(publication, videoConfig(640, 360), { frames: 5, gop: 50, audio })
  const { transport, viewer } = stage.watch()
  viewer.setPaused(true)
  const large = videoConfig()
  stage.play(publication, large, { from: 200 * MS, frames: 5, gop: 50, audio })
  viewer.setPaused(false)
  const before = transport.lines.length
  stage.play(publication, large, { from: 400 * MS, frames: 2, gop: 50, audio })
  expect(transport.lines.slice(before)).toEqual(['config 1280', 'key 400', 'audio 405', 'video 440', 'audio 445'])
  const all = times(transport.lines)
  expect(all).toEqual([...all].sort((a, b) => a - b))
})

test('an audio-only stream resumes immediately', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const audio = audioConfig()
  publication.push(stage.frame(audio, 0))
  const { transport, viewer } = stage.watch()
  publication.push(stage.frame(audio, 20 * MS))
  viewer.setPaused(true)
  publication.push(stage.frame(audio, 40 * MS))
  viewer.setPaused(false)
  publication.push(stage.frame(audio, 60 * MS))
  expect(transport.lines).toEqual(['start audio', 'config aac', 'audio 0', 'audio 40'])
})
