import { expect, test } from 'vitest'
import { Stage, videoConfig } from './stage.js'

test('a second publisher without the same subject is refused', () => {
  const stage = new Stage()
  expect(stage.publish()).toBeDefined()
  expect(stage.publish()).toBeUndefined()
  expect(stage.publish('alice')).toBeUndefined()
})

test('the same subject takes over at once, the old connection is closed and viewers stay', () => {
  const stage = new Stage()
  const old = stage.publish('alice')!
  stage.play(old, videoConfig(), { frames: 3, gop: 50 })
  const { transport } = stage.watch()
  const next = stage.publish('alice')!
  expect(stage.ends).toEqual(['replaced'])
  stage.play(next, videoConfig(), { frames: 2, gop: 50 })
  old.push(stage.frame(videoConfig(), 0, true))
  expect(transport.closed).toBeUndefined()
  expect(transport.lines.filter((line) => /^(key|video)/.test(line))).toHaveLength(5)
})

test('a takeover without any viewer works as well', () => {
  const stage = new Stage()
  stage.publish('alice')
  expect(stage.publish('alice')).toBeDefined()
  expect(stage.stream.state).toBe('live')
})
