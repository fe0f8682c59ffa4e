import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONG_BURST_PACKETS, planBurst, type CachedFrame } from './burst-plan.js'

const ahead = (one: number, other: number): number => (one - other) | 0

test('the burst’s stamps rise strictly, end at live and are never ahead of it, nor older than the truth', () => {
  const frame = fc.record({ step: fc.integer({ min: 1, max: 90_000 }), bytes: fc.nat(200_000) })
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 200 }),
      fc.nat(0xffffffff),
      fc.integer({ min: 1_000_000, max: 50_000_000 }),
      (shape, start, bitrate) => {
        let rtpTimestamp = start
        const frames: CachedFrame[] = shape.map(({ step, bytes }) => {
          rtpTimestamp = (rtpTimestamp + step) >>> 0
          return { rtpTimestamp, bytes, packets: Math.ceil(bytes / 1150) }
        })
        const { rtpTimestamps, count } = planBurst({ frames, clockRate: 90_000, bitrate })
        const live = frames.at(-1)!.rtpTimestamp
        expect(count).toBe(frames.length)
        expect(rtpTimestamps.at(-1)).toBe(live)
        for (const [index, stamp] of rtpTimestamps.entries()) {
          expect(ahead(stamp, live)).toBeLessThanOrEqual(0)
          expect(ahead(stamp, frames[index]!.rtpTimestamp)).toBeGreaterThanOrEqual(0)
          if (index > 0) expect(ahead(stamp, rtpTimestamps[index - 1]!)).toBeGreaterThan(0)
        }
      },
    ),
    { numRuns: 200 },
  )
})

function gop(count: number, packets: number): CachedFrame[] {
  return Array.from({ length: count }, (_, index) => ({ rtpTimestamp: index * 3000, bytes: packets * 1150, packets }))
}

test('two seconds of a 1 Mbit/s stream become a quarter of a second at 8 Mbit/s', () => {
  const frames = gop(60, 4)
  const plan = planBurst({ frames, clockRate: 90_000, bitrate: 8_000_000 })
  const span = plan.rtpTimestamps.at(-1)! - plan.rtpTimestamps[0]!
  expect(plan.duration).toBeLessThan(310_000)
  expect(span / 90).toBeCloseTo((plan.duration / 1000) * (59 / 60), 0)
  expect(plan.waitsForKeyframe).toBe(false)
})

test('a long burst waits on the keyframe when the next one is near, and runs when it is not', () => {
  const frames = gop(130, 4)
  expect(130 * 4).toBeGreaterThan(LONG_BURST_PACKETS)
  const options = { frames, clockRate: 90_000, bitrate: 8_000_000 }
  const near = planBurst({ ...options, untilKeyframe: 900_000 })
  expect(near).toMatchObject({ count: 1, waitsForKeyframe: true })
  expect([...near.rtpTimestamps]).toEqual([frames.at(-1)!.rtpTimestamp])
  expect(planBurst({ ...options, untilKeyframe: 1_000_000 }).count).toBe(130)
  expect(planBurst(options).count).toBe(130)
  expect(planBurst({ ...options, frames: gop(100, 4), untilKeyframe: 100_000 }).count).toBe(100)
})

test('an empty cache sends nothing', () => {
  expect(planBurst({ frames: [], clockRate: 90_000, bitrate: 1e6 })).toMatchObject({ count: 0, duration: 0 })
})
