import { expect, test } from 'vitest'
import { audioConfig, SECOND, Stage, videoConfig } from './stage.js'

const times = (lines: string[]): number[] =>
  lines.filter((line) => /^(key|video)/.test(line)).map((line) => Number(line.split(' ')[1]))

test('a publisher that comes back within 15 s resumes its viewers with times that go on', () => {
  const stage = new Stage()
  const first = stage.publish()!
  stage.play(first, videoConfig(), { from: 3600 * SECOND, frames: 10, gop: 50, audio: audioConfig() })
  const { transport } = stage.watch()
  first.end()
  stage.clock.advance(5 * SECOND)
  expect(transport.closed).toBeUndefined()
  const second = stage.publish()!
  stage.play(second, videoConfig(640, 360), { frames: 10, gop: 50, audio: audioConfig() })
  const seen = times(transport.lines)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  expect(seen).toHaveLength(20)
  expect(seen[10]! - seen[9]!).toBeGreaterThanOrEqual(5000)
  expect(transport.lines.filter((line) => line.startsWith('config'))).toEqual([
    'config 1280',
    'config aac',
    'config 640',
    'config aac',
  ])
})

test('after 15 s without a publisher its viewers are disconnected', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 2, gop: 50 })
  const { transport } = stage.watch()
  publication.end()
  stage.clock.advance(14.9 * SECOND)
  expect(transport.closed).toBeUndefined()
  stage.clock.advance(0.2 * SECOND)
  expect(transport.closed).toBe('ended')
  expect(stage.hub.size).toBe(0)
})

test('a publisher silent for 10 s counts as gone', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 2, gop: 50 })
  stage.watch()
  stage.clock.advance(12 * SECOND)
  expect(stage.ends).toEqual(['silent'])
  expect(stage.stream.state).toBe('grace')
})
