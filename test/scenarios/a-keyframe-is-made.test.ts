import type { MediaFrame, VideoConfig } from '@crossroom/media'
import { expect, test } from 'vitest'
import { TestSource } from '../../packages/server/src/endpoints/webrtc/send/frames.fake.js'
import { StreamKey } from '../../packages/server/src/hub/index.js'
import { catchUp } from '../../packages/server/src/hub/start.js'
import { audioConfig, MS, SECOND, Stage, videoConfig } from './stage.js'

/** A stage whose cached GOP is 12 s long, and a source of made pictures; `asked` lists for which streams. */
function longGop(isAskable = false) {
  const stage = new Stage()
  stage.isAskable = isAskable
  const made = new TestSource(StreamKey.plain('live/x'))
  const asked: string[] = []
  stage.bridgeOf = (stream) => {
    asked.push(stream.key.name)
    return made
  }
  const publication = stage.publish()!
  stage.play(publication, large, { frames: 300, gop: 1000, audio: audioConfig() })
  return { stage, made, asked, publication }
}

const large: VideoConfig = videoConfig()
const small: VideoConfig = videoConfig(320, 180)
const at = (stage: Stage, ms: number, keyframe: boolean, config = large): MediaFrame =>
  stage.frame(config, ms * MS, keyframe)

test('if the cached GOP would leave a viewer behind, it sees generated pictures until the next keyframe, without a hole', () => {
  const { stage, made, publication } = longGop()
  const { transport } = stage.watch()
  stage.clock.advance(MS)
  made.push(at(stage, 12_000, true, small))
  publication.push(at(stage, 12_040, false))
  made.push(at(stage, 12_040, false, small))
  publication.push(at(stage, 12_080, true))
  publication.push(at(stage, 12_120, false))
  expect(transport.lines.slice(1)).toEqual(['config 320', 'key 0', 'video 40'])
  // What is made of the keyframe itself ends the bridge.
  made.push(at(stage, 12_080, false, small))
  expect(transport.lines.slice(4)).toEqual(['config 1280', 'key 80', 'video 120'])
  publication.push(at(stage, 12_160, false))
  expect(transport.lines.at(-1)).toBe('video 160')
})

test('waiting viewers share one source of generated pictures; viewers with a picture keep their own', () => {
  const { stage, made, publication } = longGop()
  const viewers = [stage.watch(), stage.watch()]
  stage.clock.advance(MS)
  expect(made.sinks.size).toBe(1)
  made.push(at(stage, 12_000, true, small))
  for (const { transport } of viewers) expect(transport.lines.at(-1)).toBe('key 0')
  publication.push(at(stage, 12_040, true))
  made.push(at(stage, 12_040, false, small))
  expect(made.sinks.size).toBe(0)
  const { transport } = stage.watch()
  expect(transport.lines.at(-1)).toBe('key 0')
})

test('a publisher that accepts keyframe requests has 500 ms to answer', () => {
  const { stage, made, publication } = longGop(true)
  const answered = stage.watch()
  publication.push(at(stage, 12_000, true))
  stage.clock.advance(SECOND)
  expect(made.sinks.size).toBe(0)
  expect(answered.transport.lines.at(-1)).toBe('key 0')
  stage.play(publication, large, { from: 13 * SECOND, frames: 50, gop: 1000 })
  // The first of those was a keyframe, 2 s ago.
  stage.watch()
  stage.clock.advance(400 * MS)
  expect(made.sinks.size).toBe(0)
  stage.clock.advance(200 * MS)
  expect(made.sinks.size).toBe(1)
})

test('players with a decoder of their own start at a recovery point, browsers do not', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  for (let i = 0; i < 400; i++) {
    const frame = at(stage, i * 40, i === 0)
    publication.push(i > 0 && i % 25 === 0 ? { ...frame, recovery: 24 } : frame)
    stage.clock.advance(40 * MS)
  }
  let asked = 0
  stage.bridgeOf = () => {
    asked++
    return undefined
  }
  const lenient = stage.watch()
  expect(lenient.transport.lines).toHaveLength(2 + 25)
  expect(asked).toBe(0)
  lenient.leave()
  stage.watch({ startsAt: 'keyframe' })
  expect(asked).toBeGreaterThan(0)
})

test('if no keyframe is generated within 2 s, a viewer gets the cached frames fast, then live ones', () => {
  const { stage, publication } = longGop()
  const { transport } = stage.watch()
  stage.clock.advance(1900 * MS)
  const pictures = (): string[] => transport.lines.filter((line) => /^(key|video)/.test(line))
  expect(pictures()).toEqual([])
  stage.clock.advance(200 * MS)
  expect(pictures()).toHaveLength(300)
  expect(pictures().slice(0, 2)).toEqual(['key 0', 'video 1'])
  publication.push(at(stage, 12_000, false))
  expect(pictures().slice(-2)).toEqual(['video 299', 'video 339'])
})

test('reordered pictures keep decoding and presentation order when they are played fast', () => {
  const stage = new Stage()
  const order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
  const cached = order.map((place, index) => ({
    ...stage.frame(large, index * 40 * MS, index === 0),
    pts: (place + 2) * 40 * MS,
  }))
  const frames = catchUp(cached, SECOND)
  const shown = [...frames].sort((one, other) => one.pts - other.pts)
  expect(shown.map((frame) => frames.indexOf(frame))).toEqual([...order.keys()].map((place) => order.indexOf(place)))
  for (const [index, { dts, pts }] of frames.entries()) {
    expect(pts).toBeGreaterThanOrEqual(dts)
    expect(dts).toBe(cached.at(-1)!.dts - (frames.length - 1 - index) * MS)
  }
})
