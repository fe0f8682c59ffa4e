import type { MediaFrame, Micros } from '@crossroom/media'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, videoConfig } from '../../../../test/scenarios/stage.js'
import { Timeline } from './timeline.js'

const video = videoConfig()
const audio = audioConfig()

function frame(config: MediaFrame['config'], dts: Micros, receivedAt: Micros, compositionTime = 0): MediaFrame {
  return { config, dts, pts: dts + compositionTime, keyframe: false, units: [], receivedAt, droppable: false }
}

test('a stream starts at 0 whatever the publisher starts at, and keeps composition times', () => {
  const timeline = new Timeline()
  const first = timeline.map(frame(video, 3600 * SECOND, 0, 80 * MS))
  expect([first.dts, first.pts]).toEqual([0, 80 * MS])
  expect(timeline.map(frame(video, 3600 * SECOND + 40 * MS, 40 * MS)).dts).toBe(40 * MS)
})

test.each([
  ['2^24 ms', 2 ** 24],
  ['2^31 ms', 2 ** 31],
  ['2^32 ms', 2 ** 32],
])('unwrapped time crosses %s without a step', (_name, ms) => {
  const timeline = new Timeline()
  const start = (ms - 1000) * MS
  for (let i = 0; i < 50; i++) {
    expect(timeline.map(frame(video, start + i * 40 * MS, i * 40 * MS)).dts).toBe(i * 40 * MS)
    expect(timeline.map(frame(audio, start + i * 40 * MS + 7000, i * 40 * MS)).dts).toBe(i * 40 * MS + 7000)
  }
})

test.each([3600, -3600])('a jump of %d s is bridged once and both tracks stay together', (jump) => {
  const timeline = new Timeline()
  const start = 4000 * SECOND
  for (let i = 0; i < 10; i++) {
    timeline.map(frame(video, start + i * 40 * MS, i * 40 * MS))
    timeline.map(frame(audio, start + i * 40 * MS + 5000, i * 40 * MS))
  }
  const after = start + jump * SECOND + 400 * MS
  const v = timeline.map(frame(video, after, 400 * MS))
  // Sound from before the jump that was interleaved behind it keeps its place.
  const late = timeline.map(frame(audio, start + 383_667, 400 * MS))
  const a = timeline.map(frame(audio, after + 5000, 400 * MS))
  expect(v.dts).toBe(400 * MS)
  expect(late.dts).toBe(383_667)
  expect(a.dts - v.dts).toBe(5000)
  expect(timeline.jumps).toBe(1)
})

test('a stall of the publisher is no jump: time goes on as it passed', () => {
  const timeline = new Timeline()
  timeline.map(frame(video, 0, 0))
  expect(timeline.map(frame(video, 8 * SECOND, 8 * SECOND)).dts).toBe(8 * SECOND)
  expect(timeline.jumps).toBe(0)
})

test('a file pushed faster than real time is no jump', () => {
  const timeline = new Timeline()
  for (let i = 0; i < 500; i++) expect(timeline.map(frame(video, i * 40 * MS, i)).dts).toBe(i * 40 * MS)
  expect(timeline.jumps).toBe(0)
})

test('time rises by a millisecond at least within a track, whatever comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), fc.nat(5 * SECOND), fc.boolean())),
      fc.boolean(),
      (steps, judges) => {
        const timeline = new Timeline()
        const last = { video: -Infinity, audio: -Infinity }
        let now = 0
        for (const [isVideo, dts, passed, restart] of steps) {
          now += passed
          if (restart) timeline.restart(judges)
          const mapped = timeline.map(frame(isVideo ? video : audio, dts, now))
          const kind = mapped.config.kind
          expect(mapped.dts).toBeGreaterThanOrEqual(last[kind] + MS)
          last[kind] = mapped.dts
        }
      },
    ),
  )
})

test('pictures stamped with the time of showing stay where they are shown', () => {
  const timeline = new Timeline()
  const shown: Micros[] = []
  for (let group = 0; group < 40; group++)
    for (const [index, place] of [0, 3, 1, 2].entries()) {
      const stamp = (group * 4 + place) * 40 * MS
      shown.push(timeline.map(frame(video, stamp, (group * 4 + index) * 40 * MS)).pts - stamp)
    }
  expect(new Set(shown).size).toBe(1)
})

test('a new publisher whose sound begins before its picture is moved as one', () => {
  const timeline = new Timeline()
  timeline.map(frame(video, 0, 0))
  timeline.map(frame(audio, 10 * MS, 10 * MS))
  timeline.restart()
  const v = timeline.map(frame(video, 900 * MS, 20 * MS))
  const a = timeline.map(frame(audio, 800 * MS, 21 * MS))
  const next = timeline.map(frame(video, 940 * MS, 60 * MS))
  expect(a.dts).toBeGreaterThan(10 * MS)
  expect(next.dts - a.dts).toBe(140 * MS)
  expect(next.dts).toBeGreaterThan(v.dts)
})

test('times that are the server’s already are not judged', () => {
  const timeline = new Timeline()
  timeline.restart(false)
  timeline.map(frame(video, 0, 0))
  expect(timeline.map(frame(audio, 8 * SECOND, 0)).dts).toBe(8 * SECOND)
  expect(timeline.map(frame(video, 2 * SECOND, 40 * MS)).dts).toBe(2 * SECOND)
})

test.each([5, 10, 30])(
  'a clock that begins anew after %d pictures is bridged, and pts − dts stays as sent',
  (count) => {
    const timeline = new Timeline()
    const times = [...Array(count).keys(), ...Array(50).keys()].map((picture) => picture * 40 * MS)
    const out = times.map((dts, index) => timeline.map(frame(video, dts, index * 40 * MS, 80 * MS)))
    const steps = out.slice(1).map(({ dts }, index) => dts - out[index]!.dts)
    for (const step of steps) expect(Math.abs(step - 40 * MS)).toBeLessThan(5 * MS)
    expect(out.every(({ dts, pts }) => pts - dts === 80 * MS)).toBe(true)
  },
)

test('pictures that are stamped with the time of showing keep it', () => {
  const timeline = new Timeline()
  const shown = [...Array(20).keys()].flatMap((group) =>
    [0, 4, 2, 1, 3].map((picture) => (5 * group + picture) * 40 * MS),
  )
  // An encoder has a picture to refer to when it was taken, and those before it with it.
  const out = shown.map((time, index) => timeline.map(frame(video, time, Math.max(...shown.slice(0, index + 1)))))
  expect(out.map(({ pts }) => pts)).toEqual(shown)
  expect(timeline.jumps).toBe(0)
})
