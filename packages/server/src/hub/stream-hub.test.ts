import { expect, test } from 'vitest'
import type { Stream } from './stream.js'
import { StreamKey } from './stream-key.js'
import { MS, SECOND, Stage, videoConfig } from '../../../../test/scenarios/stage.js'

test('a player that asks before the publisher connects gets the stream once', () => {
  const stage = new Stage()
  const found: (string | undefined)[] = []
  stage.hub.find(StreamKey.plain('live/x'), 2 * SECOND, (stream) => found.push(stream?.key.name))
  stage.clock.advance(1900 * MS)
  expect(found).toEqual([])
  stage.publish()
  expect(found).toEqual(['live/x'])
  stage.clock.advance(5 * SECOND)
  expect(found).toHaveLength(1)
})

test('a wait without a publisher ends with undefined, and a cancelled wait reports nothing', () => {
  const stage = new Stage()
  const found: unknown[] = []
  stage.hub.find(StreamKey.plain('live/x'), 2 * SECOND, (stream) => found.push(stream))
  const cancel = stage.hub.find(StreamKey.plain('live/x'), 2 * SECOND, () => found.push('cancelled'))
  cancel()
  stage.clock.advance(2 * SECOND)
  expect(found).toEqual([undefined])
  expect(stage.hub.size).toBe(0)
})

test('a resolver that makes the stream is found by its work', () => {
  const stage = new Stage()
  stage.hub.addResolver({
    resolve: (key) => {
      stage.hub.open(key).publish({ id: 'r', protocol: 'relay', remoteAddress: '', onClose: () => undefined })
      return true
    },
    release: () => undefined,
  })
  let state: string | undefined
  stage.hub.find(StreamKey.plain('live/far'), 0, (stream) => (state = stream?.state))
  expect(state).toBe('live')
})

test('observers are told in order of every publisher, its tracks, its end and the end of its stream', () => {
  const stage = new Stage()
  const told: string[] = []
  const record = (event: string) => (stream: Stream) => told.push(`${event} ${stream.key.name}`)
  const stop = stage.hub.observe({
    opened: record('opened'),
    published: record('published'),
    tracksKnown: record('tracksKnown'),
    unpublished: record('unpublished'),
    closed: record('closed'),
  })
  const first = stage.publish('anna')!
  first.push(stage.frame(videoConfig(), 0, true))
  expect(told.splice(0)).toEqual(['opened live/x', 'published live/x'])
  stage.clock.advance(SECOND)
  expect(told.splice(0)).toEqual(['tracksKnown live/x'])
  const second = stage.publish('anna')!
  expect(told.splice(0)).toEqual(['unpublished live/x', 'published live/x'])
  second.end()
  expect(told.splice(0)).toEqual(['unpublished live/x', 'closed live/x'])
  stop()
  stage.publish()
  expect(told).toEqual([])
})

test('a closed hub ends streams, publishers and waits, and takes nothing new', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  publication.push(stage.frame(videoConfig(), 0, true))
  const { transport } = stage.watch()
  const found: unknown[] = []
  stage.hub.find(StreamKey.plain('live/other'), 2 * SECOND, (stream) => found.push(stream))
  stage.hub.close('shutdown')
  expect(transport.closed).toBe('shutdown')
  expect(stage.ends).toEqual(['shutdown'])
  expect(found).toEqual([undefined])
  expect(stage.hub.size).toBe(0)
})

test('the last viewer of a stream without a publisher takes the stream with it', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  publication.push(stage.frame(videoConfig(), 0, true))
  const { leave } = stage.watch()
  publication.end()
  expect(stage.hub.size).toBe(1)
  leave()
  expect(stage.hub.size).toBe(0)
})
