import type { MediaFrame } from '@crossroom/media'
import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import type { Publication, PublicationEnd, PublisherInfo } from './publication.js'

const video = videoConfig()
const audio = audioConfig()

function setting() {
  const stage = new Stage()
  const ends: PublicationEnd[] = []
  const copy = (fields: Partial<PublisherInfo> = {}): Publication =>
    stage.stream.publish({
      ...{ id: 'r', protocol: 'relay', remoteAddress: 'B001', isCopy: true, onClose: (end) => ends.push(end) },
      ...fields,
    })!
  return { stage, ends, copy }
}

test('a copy yields to a publisher here and to another copy, never the other way round', () => {
  const { stage, ends, copy } = setting()
  copy()
  copy()
  expect(ends).toEqual(['replaced'])
  const own = stage.publish()
  expect([own !== undefined, ends]).toEqual([true, ['replaced', 'replaced']])
  expect(copy()).toBeUndefined()
})

test('viewers of a copy start once its tracks are announced and came, not in the middle of its cached frames', () => {
  const { stage, copy } = setting()
  let started = 0
  stage.stream.whenTracksKnown(() => started++)
  const publication = copy()
  publication.push(stage.frame(video, 0, true))
  publication.push(stage.frame(audio, 10 * MS))
  expect(started).toBe(0)
  publication.announce(['audio', 'video'])
  expect(started).toBe(1)
})

test('a copy of a picture alone makes nobody wait for sound; one whose cache is empty is known by its first frames', () => {
  const { stage, copy } = setting()
  let started = 0
  stage.stream.whenTracksKnown(() => started++)
  const publication = copy()
  publication.announce(['video'])
  expect(started).toBe(0)
  publication.push(stage.frame(video, 0, true))
  expect(started).toBe(1)
})

test('a copy that never announces its tracks is waited for as any publisher', () => {
  const { stage, copy } = setting()
  let started = 0
  stage.stream.whenTracksKnown(() => started++)
  copy().push(stage.frame(video, 0, true))
  stage.clock.advance(SECOND)
  expect(started).toBe(1)
})

test('times of a copy are believed, for they were judged where it is published', () => {
  const { stage, copy } = setting()
  const got: MediaFrame[] = []
  stage.stream.hold()
  stage.stream.subscribe({ handleFrame: (frame) => got.push(frame), handleEnd: () => undefined }, 'live')
  const publication = copy()
  publication.push({ ...stage.frame(video, 0, true), receivedAt: 0 })
  // Seconds that no clock here has seen pass: a publisher's own jump would be bridged.
  publication.push({ ...stage.frame(video, 7 * SECOND, true), receivedAt: 40 * MS })
  expect(got.map(({ dts }) => dts)).toEqual([0, 7 * SECOND])
  expect(stage.stream.heardAt).toBe(stage.clock.now())
  stage.clock.advance(SECOND)
  expect(stage.stream.heardAt).toBe(stage.clock.now() - SECOND)
})

test('a copy whose video is withheld keeps no frame that may not be shown, and tells who plays it', () => {
  const { stage, copy } = setting()
  let told = 0
  stage.stream.subscribe(
    { handleFrame: () => undefined, handleVideoWithheld: () => told++, handleEnd: () => undefined },
    'live',
  )
  const publication = copy()
  publication.push(stage.frame(video, 0, true))
  expect(stage.stream.cachedFrames).toHaveLength(1)
  publication.withholdVideo()
  expect([told, stage.stream.cachedFrames.length]).toEqual([1, 0])
})

test('a resolver that may have a stream only now is asked again, where somebody waits', () => {
  const stage = new Stage()
  let asked = 0
  stage.hub.addResolver({ resolve: () => asked++ < 0, release: () => undefined })
  stage.hub.recheck(stage.stream.key)
  expect(asked).toBe(0)
  stage.stream.whenTracksKnown(() => undefined)
  expect(asked).toBe(1)
  stage.hub.recheck(stage.stream.key)
  expect(asked).toBe(2)
})
