import { expect, test } from 'vitest'
import { MS, SECOND, Stage, videoConfig } from './stage.js'

test('viewers of a held stream stay however long its publisher is away', () => {
  const stage = new Stage()
  const release = stage.stream.hold()
  const first = stage.publish()!
  stage.play(first, videoConfig(), { frames: 3, gop: 50 })
  const { transport } = stage.watch()
  first.end()
  expect(stage.stream.state).toBe('grace')
  stage.clock.advance(3600 * SECOND)
  expect(transport.closed).toBeUndefined()
  stage.play(stage.publish()!, videoConfig(640, 360), { frames: 2, gop: 50 })
  expect(transport.lines.at(-1)).toBe(`video ${String(3600 * 1000 + 160)}`)
  release()
  expect(transport.closed).toBeUndefined()
})

test('players can wait for a held stream before its first publish, and it disappears when released', () => {
  const stage = new Stage()
  const release = stage.stream.hold()
  let known = 0
  stage.stream.whenTracksKnown(() => known++)
  stage.clock.advance(60 * SECOND)
  expect([stage.hub.size, stage.stream.state, known]).toEqual([1, 'idle', 0])
  stage.play(stage.publish()!, videoConfig(), { frames: 20, gop: 50 })
  expect(known).toBe(1)
  stage.stream.publication!.end()
  release()
  release()
  expect(stage.hub.size).toBe(0)
})

test('viewers of a released stream stay for the grace time and no longer', () => {
  const stage = new Stage()
  const release = stage.stream.hold()
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 3, gop: 50 })
  const { transport } = stage.watch()
  publication.end()
  stage.clock.advance(60 * SECOND)
  release()
  stage.clock.advance(15 * SECOND - MS)
  expect(transport.closed).toBeUndefined()
  stage.clock.advance(2 * MS)
  expect(transport.closed).toBe('ended')
})
