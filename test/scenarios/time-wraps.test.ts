import type { FlvTag } from '@crossroom/media'
import { expect, test } from 'vitest'
import { configsOf, fingerprints, mediaOf, timesAreSound } from '../harness/flv-media.js'
import { fixtureTags, RtmpPublisher, watchFlv } from './rtmp-publisher.js'
import { MS, SECOND, Stage, videoConfig } from './stage.js'

const LENGTH_MS = 400
const WRAPS: [string, number][] = [
  ['2^24', 2 ** 24],
  ['2^31', 2 ** 31],
  ['2^32', 2 ** 32],
]

/** The fixture five times over, two seconds, from `startMs` on. */
function twoSecondsFrom(startMs: number): FlvTag[] {
  const tags = fixtureTags()
  const media = mediaOf(tags)
  const rounds = [0, 1, 2, 3, 4].flatMap((round) => media.map((tag) => at(tag, tag.timestampMs + round * LENGTH_MS)))
  return [...configsOf(tags), ...rounds].map((tag) => at(tag, tag.timestampMs + startMs))
}

const at = (tag: FlvTag, timestampMs: number): FlvTag => ({ ...tag, timestampMs })

test.each(WRAPS)('the publisher crosses %s ms: its viewers see no step', (_name, boundary) => {
  const stage = new Stage()
  const publisher = new RtmpPublisher(stage)
  const tags = twoSecondsFrom(boundary - 1000)
  const head = tags.slice(0, 6)
  for (const tag of head) publisher.send(tag)
  const viewer = watchFlv(stage)
  for (const tag of tags.slice(6)) publisher.send(tag)
  const media = mediaOf(viewer.tags())
  expect(timesAreSound(media)).toBe(true)
  const pictures = (list: readonly FlvTag[]) => fingerprints(mediaOf(list)).filter((line) => line.startsWith('video'))
  expect(pictures(media)).toEqual(pictures(tags))
  expect(media).toHaveLength(mediaOf(tags).length)
  expect(stage.stream.timestampJumps).toBe(0)
})

test.each(WRAPS)(
  'a viewer that has watched for %s ms gets whole time stamps on both sides of it',
  (_name, boundary) => {
    const stage = new Stage({ silentMicros: Infinity })
    const publication = stage.publish()!
    const video = videoConfig()
    publication.push(stage.frame(video, 0, true))
    const { tags } = watchFlv(stage)
    const from = (boundary - 100) * MS
    stage.clock.advance(from)
    stage.play(publication, video, { from, frames: 5, gop: 50 })
    const seen = mediaOf(tags()).map((tag) => tag.timestampMs)
    const wanted = [0, -100, -60, -20, 20, 60].map((offset, i) => (i === 0 ? 0 : (boundary + offset) % 2 ** 32))
    expect(seen).toEqual(wanted)
  },
)

test('jumps of an hour, forward and back, are bridged once each, and time continues', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { from: 5000 * SECOND, frames: 5, gop: 50 })
  const { transport } = stage.watch()
  stage.play(publication, video, { from: 8600 * SECOND, frames: 5, gop: 50 })
  stage.play(publication, video, { from: 100 * SECOND, frames: 5, gop: 50 })
  const times = transport.lines.filter((line) => /^(key|video)/.test(line)).map((line) => Number(line.split(' ')[1]))
  expect(times).toEqual(Array.from({ length: 15 }, (_, i) => i * 40))
  expect(stage.stream.timestampJumps).toBe(2)
})
