import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from './stage.js'

const first = (lines: string[]): string => lines[0]!

test('the header waits for the second track, and names both', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  let known = false
  publication.push(stage.frame(videoConfig(), 0, true))
  stage.stream.whenTracksKnown(() => (known = true))
  stage.clock.advance(300 * MS)
  expect(known).toBe(false)
  publication.push(stage.frame(audioConfig(), 300 * MS))
  expect(known).toBe(true)
  expect(first(stage.watch().transport.lines)).toBe('start videoaudio')
})

test.each(['video', 'audio'] as const)('a stream with %s only is not waited for longer than 500 ms', (kind) => {
  const stage = new Stage()
  const publication = stage.publish()!
  let knownAt = 0
  stage.stream.whenTracksKnown(() => (knownAt = stage.clock.now()))
  stage.clock.advance(5 * SECOND)
  const startedAt = stage.clock.now()
  publication.push(stage.frame(kind === 'video' ? videoConfig() : audioConfig(), 0, true))
  stage.clock.advance(1 * SECOND)
  expect(knownAt - startedAt).toBe(500 * MS)
  expect(first(stage.watch().transport.lines)).toBe(`start ${kind}`)
})

test('audio that starts after the header is played as well, its configuration first', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 20, gop: 50 })
  const { transport } = stage.watch()
  stage.play(publication, video, { from: 800 * MS, frames: 1, gop: 50, audio: audioConfig() })
  expect(transport.lines.slice(-3)).toEqual(['key 800', 'config aac', 'audio 805'])
  // Who comes later is told of both.
  expect(first(stage.watch().transport.lines)).toBe('start videoaudio')
})

test('video that starts after the header is played from its keyframe on', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const audio = audioConfig()
  publication.push(stage.frame(audio, 0))
  const { transport } = stage.watch()
  for (let i = 1; i < 30; i++) publication.push(stage.frame(audio, i * 20 * MS))
  publication.push(stage.frame(videoConfig(), 600 * MS, true))
  publication.push(stage.frame(videoConfig(), 640 * MS, false))
  expect(first(transport.lines)).toBe('start audio')
  expect(transport.lines.slice(1, 4)).toEqual(['config aac', 'audio 0', 'audio 20'])
  expect(transport.lines.slice(-4, -2)).toEqual(['config 1280', 'key 580'])
})

test('after a codec change every viewer gets the new configuration before the first frame', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const before = videoConfig(640, 360)
  stage.play(publication, before, { frames: 10, gop: 50, audio: audioConfig() })
  const early = stage.watch()
  const after = videoConfig(1280, 720)
  const opus = { ...audioConfig(), codec: 'opus' as const }
  stage.play(publication, after, { from: 400 * MS, frames: 2, gop: 50, audio: opus })
  const late = stage.watch()
  const change = early.transport.lines.indexOf('config 1280')
  expect(early.transport.lines.slice(change)).toEqual([
    ...['config 1280', 'key 400', 'config opus', 'audio 405', 'video 440', 'audio 445'],
  ])
  // The late one starts at the new keyframe and never hears of the old configuration.
  expect(late.transport.lines).toEqual([
    ...['start videoaudio', 'config 1280', 'key 0', 'config opus', 'audio 5', 'video 40', 'audio 45'],
  ])
})
