import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AudioSampleClock } from './audio-clock.js'

const toMs = (time: number) => Math.floor((time + 500) / 1000)

/** Sources as they are: rate, samples per frame, how they make milliseconds, and where they start. */
const regularSources = fc.record({
  sampleRate: fc.constantFrom(8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000),
  samples: fc.constantFrom(1024, 960, 1152, 576),
  toStamp: fc.constantFrom(Math.round, Math.floor, Math.ceil),
  phase: fc.nat(999).map((micros) => micros / 1000),
  start: fc.constantFrom(0, 3_600_000, 2 ** 31 - 5, 2 ** 32 - 5),
})

test('a regular source gets its own millisecond stamps back', () => {
  fc.assert(
    fc.property(regularSources, ({ sampleRate, samples, toStamp, phase, start }) => {
      const clock = new AudioSampleClock(sampleRate)
      for (let frame = 0; frame < 500; frame++) {
        const stampMs = toStamp(start + phase + (frame * samples * 1000) / sampleRate)
        expect(toMs(clock.next(stampMs * 1000, samples))).toBe(stampMs)
      }
    }),
    { numRuns: 100 },
  )
})

test('44.1 kHz stamped 0, 23, 46, 70, … advances by exactly 1024 samples', () => {
  const clock = new AudioSampleClock(44100)
  let different = 0
  for (let frame = 0; frame < 100_000; frame++) {
    const exact = (frame * 1024 * 1_000_000) / 44100
    if (clock.next(Math.round(exact / 1000) * 1000, 1024) !== Math.round(exact)) different += 1
  }
  expect(different).toBe(0)
})

test('no rounding accumulates in a year', () => {
  const clock = new AudioSampleClock(48000)
  const secondsPerStep = 60
  let time = 0
  for (let minute = 0; minute < 365 * 24 * 60; minute++) {
    time = clock.next(minute * secondsPerStep * 1_000_000, secondsPerStep * 48000)
  }
  expect(time).toBe((365 * 24 * 60 - 1) * secondsPerStep * 1_000_000)
})

test.each([1000, -1000, 200, -200])(
  'a source that is %i ppm off is followed within a millisecond, in even steps',
  (ppm) => {
    const clock = new AudioSampleClock(48000)
    let last = 0
    for (let frame = 0; frame < 20_000; frame++) {
      const truth = (frame * 1024 * 1_000_000 * (1 + ppm / 1e6)) / 48000
      const time = clock.next(Math.round(truth / 1000) * 1000, 1024)
      expect(Math.abs(time - truth)).toBeLessThan(1100)
      if (frame > 128) expect(Math.abs(time - last - 21_333)).toBeLessThanOrEqual(24)
      last = time
    }
    expect(clock.anchors).toBe(1)
  },
)

test('jitter of ±30 ms becomes steps that are off by at most 1000 ppm', () => {
  const clock = new AudioSampleClock(16000)
  let seed = 1
  let last = 0
  for (let frame = 0; frame < 5000; frame++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const jitter = (seed / 2 ** 32 - 0.5) * 60_000
    const time = clock.next(Math.round((frame * 64_000 + jitter) / 1000) * 1000, 1024)
    if (frame > 128) expect(Math.abs(time - last - 64_000)).toBeLessThanOrEqual(65)
    last = time
  }
  expect(Math.abs(last - 4999 * 64_000)).toBeLessThan(15_000)
  expect(clock.anchors).toBe(1)
})

test('a gap of one frame at 16 kHz, 64 ms, is believed at once; 60 ms is not', () => {
  const clock = new AudioSampleClock(16000)
  for (let frame = 0; frame < 10; frame++) clock.next(frame * 64_000, 1024)
  expect(clock.next(11 * 64_000, 1024)).toBe(11 * 64_000)
  expect(clock.anchors).toBe(2)
  expect(clock.next(12 * 64_000 + 60_000, 1024)).toBe(12 * 64_000 + 1000)
  expect(clock.anchors).toBe(2)
})

test('a jump back begins anew', () => {
  const clock = new AudioSampleClock(48000)
  clock.next(10_000_000, 1024)
  expect(clock.next(0, 1024)).toBe(0)
  expect(clock.next(21_000, 1024)).toBe(21_333)
})

test.each([40_000, -40_000])(
  'a first stamp that is %i µs off is made good within seconds, and time never goes back',
  (off) => {
    const clock = new AudioSampleClock(48000)
    let last = -Infinity
    for (let frame = 0; frame < 300; frame++) {
      const truth = 1_000_000 + (frame * 1024 * 1_000_000) / 48000
      const stamp = Math.round((frame === 0 ? truth + off : truth) / 1000) * 1000
      const time = clock.next(stamp, 1024)
      expect(time).toBeGreaterThan(last)
      if (frame > 250) expect(Math.abs(time - truth)).toBeLessThan(16_000)
      last = time
    }
  },
)

test('one lost frame of 21 ms is followed after a second', () => {
  const clock = new AudioSampleClock(48000)
  let error = 0
  for (let frame = 0; frame < 120; frame++) {
    const truth = ((frame < 20 ? frame : frame + 1) * 1024 * 1_000_000) / 48000
    error = clock.next(Math.round(truth / 1000) * 1000, 1024) - truth
  }
  expect(Math.abs(error)).toBeLessThan(1100)
  expect(clock.anchors).toBe(1)
})
