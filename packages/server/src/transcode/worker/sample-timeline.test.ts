import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SampleTimeline } from './sample-timeline.js'

const RATE = 48_000
const BLOCK = 1024
const DAY_BLOCKS = (24 * 3600 * RATE) / BLOCK

interface Run {
  readonly timeline: SampleTimeline
  /** Largest distance of a block's stamp from the output's time, in ms, after the first minute. */
  readonly worst: number
}

/** Blocks whose stamps run faster (or slower) than their samples by `ppm`. */
function run(blocks: number, ppm: number, stamp: (micros: number) => number = Math.round): Run {
  const timeline = new SampleTimeline(RATE)
  const step = ((BLOCK * 1e6) / RATE) * (1 + ppm / 1e6)
  let worst = 0
  for (let index = 0; index < blocks; index++) {
    const pts = stamp(index * step)
    if (index * step > 60e6) worst = Math.max(worst, Math.abs(pts - timeline.endPts!) / 1000)
    timeline.place(pts, BLOCK)
  }
  return { timeline, worst }
}

const wholeMs = (micros: number) => Math.round(micros / 1000) * 1000

test.each([200, -200])('a day of a clock that is off by %i ppm leaves sound and stamps within 1.5 ms', (ppm) => {
  const { timeline, worst } = run(DAY_BLOCKS, ppm, wholeMs)
  expect(worst).toBeLessThan(1.5)
  // 200 ppm of a day are 17 s.
  expect(timeline.stretchedSamples).toBeGreaterThan(0.99 * 17.28 * RATE)
  expect(timeline).toMatchObject({ restarts: 0, silentSamples: 0, skippedSamples: 0 })
})

test.each([900, -900])('a clock that is off by %i ppm is followed', (ppm) => {
  const { timeline, worst } = run(DAY_BLOCKS / 24, ppm)
  expect(worst).toBeLessThan(1.5)
  expect(timeline).toMatchObject({ restarts: 0, silentSamples: 0, skippedSamples: 0 })
})

test('stamps in whole milliseconds of an exact clock change nothing', () => {
  const { timeline } = run(DAY_BLOCKS / 24, 0, wholeMs)
  expect(timeline).toMatchObject({ restarts: 0, silentSamples: 0, skippedSamples: 0, stretchedSamples: 0 })
})

test('the output never changes its length by more than 1000 ppm', () => {
  const timeline = new SampleTimeline(RATE)
  timeline.place(0, BLOCK)
  let samples = 0
  for (let index = 1; index < 400; index++) {
    // 10 ms late: too little for a gap, much for a clock.
    const { stretch } = timeline.place(Math.round((index * BLOCK * 1e6) / RATE) + 10_000, BLOCK)
    samples += stretch
    expect(stretch).toBeLessThanOrEqual(2)
    expect(samples).toBeLessThanOrEqual((index * BLOCK) / 1000 + 1)
  }
  expect(samples).toBeGreaterThan(400)
})

test('a lost frame becomes silence of its length', () => {
  const timeline = new SampleTimeline(RATE)
  timeline.place(0, BLOCK)
  expect(timeline.place(42_667, BLOCK)).toEqual({ restart: false, silence: 1024, skip: 0, stretch: 0 })
  expect(timeline.endPts).toBe(64_000)
})

test('frames already in the output are left out', () => {
  const timeline = new SampleTimeline(RATE)
  timeline.place(0, 4 * BLOCK)
  expect(timeline.place(64_000, BLOCK)).toEqual({ restart: false, silence: 0, skip: 1024, stretch: 0 })
  expect(timeline.place(45_333, 2 * BLOCK)).toEqual({ restart: false, silence: 0, skip: 1920 + 0, stretch: 0 })
})

test('a jump starts anew, and coded frames of both sides keep their own time', () => {
  const timeline = new SampleTimeline(RATE)
  timeline.place(1_000_000, 960)
  expect(timeline.place(5_000_000, 960).restart).toBe(true)
  expect(timeline.ptsAt(-312, 0)).toBe(993_500)
  expect(timeline.ptsAt(648, 960)).toBe(4_993_500)
  expect(timeline.endPts).toBe(5_020_000)
})

test('padding that ends a segment shifts the next one', () => {
  const timeline = new SampleTimeline(RATE)
  timeline.place(0, 500)
  timeline.place(1_000_000, 960)
  timeline.pad(460)
  expect(timeline.ptsAt(960)).toBe(1_000_000)
  expect(timeline.position).toBe(1920)
})

test('silence that was filled ahead is not filled twice', () => {
  const timeline = new SampleTimeline(RATE)
  expect(timeline.fillTo(1_000_000)).toBe(0)
  timeline.place(0, 960)
  expect(timeline.fillTo(120_000)).toBe(4800)
  expect(timeline.fillTo(100_000)).toBe(0)
  expect(timeline.place(120_000, 960)).toEqual({ restart: false, silence: 0, skip: 0, stretch: 0 })
})

test('whatever packets silence leaves out, and however much of it was filled ahead, the output has no hole', () => {
  const gaps = fc.array(
    fc.record({ ms: fc.integer({ min: 20, max: 1000 }), filled: fc.double({ min: 0, max: 1, noNaN: true }) }),
  )
  fc.assert(
    fc.property(gaps, (all) => {
      const timeline = new SampleTimeline(RATE, 1)
      let pts = 0
      timeline.place(pts, 960)
      for (const { ms, filled } of all) {
        timeline.fillTo(pts + ms * 1000 * filled)
        pts += ms * 1000
        timeline.place(pts, 960)
        expect(Math.abs(timeline.endPts! - (pts + 20_000))).toBeLessThan(21_000)
      }
      expect(timeline.restarts).toBe(0)
    }),
  )
})
