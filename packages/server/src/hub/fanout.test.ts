import { expect, test } from 'vitest'
import { MS, Stage, videoConfig } from '../../../../test/scenarios/stage.js'

test('a viewer that joins a stream at its end is closed, and the next one finds a new stream', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  publication.push(stage.frame(videoConfig(), 0, true))
  const over = stage.stream
  over.end('ended')
  const late = stage.watch({ stream: over })
  expect(late.transport.closed).toBeUndefined()
  stage.clock.advance(MS)
  expect(late.transport.closed).toBe('ended')
  late.leave()

  const again = stage.publish()!
  const { transport } = stage.watch()
  again.push(stage.frame(videoConfig(), 0, true))
  expect(transport.lines.at(-1)).toBe('key 0')
})
