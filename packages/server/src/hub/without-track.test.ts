import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import { SilenceFiller } from './silence-filler.js'
import { WithoutTrack } from './without-track.js'

const stage = new Stage()
const video = videoConfig()
const audio = audioConfig()
const frames = [stage.frame(video, 0, true), stage.frame(audio, 5 * MS), stage.frame(video, 40 * MS)]
const kinds = (list: readonly { readonly config: { readonly kind: string } }[]) => list.map(({ config }) => config.kind)

test.each([
  ['video', ['audio'], { audio }],
  ['audio', ['video', 'video'], { video }],
] as const)(
  'without %s the other track is left, in what is cached, what comes and what is named',
  (kind, left, tracks) => {
    const filter = new WithoutTrack(kind)
    expect(kinds(filter.cached(frames))).toEqual(left)
    expect(kinds(frames.flatMap((frame) => filter.process(frame)))).toEqual(left)
    expect(filter.tracks({ audio, video })).toEqual(tracks)
    expect(filter.idle(SECOND, SECOND)).toEqual([])
  },
)

test('silence takes the place of the sound that a viewer may not have', () => {
  const filter = new WithoutTrack('audio', new SilenceFiller())
  const out = [...frames, stage.frame(video, SECOND)].flatMap((frame) => filter.process(frame))
  expect(filter.tracks({ audio, video }).audio).toMatchObject({ codec: 'aac', channels: 1 })
  expect(out.filter(({ config }) => config === audio)).toEqual([])
  expect(kinds(out).filter((kind) => kind === 'audio').length).toBeGreaterThan(40)
  expect(filter.idle(2 * SECOND, 2 * SECOND).length).toBeGreaterThan(30)
})
