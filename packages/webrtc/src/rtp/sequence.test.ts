import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compactNtp, compactNtpFromMicros, microsFromCompactNtp, microsFromNtp, ntpFromMicros } from './ntp.js'
import { sequenceDistance, SequenceUnwrapper, timestampDistance, TimestampUnwrapper } from './sequence.js'

test('distances are signed across the wrap', () => {
  expect(sequenceDistance(0xffff, 0)).toBe(1)
  expect(sequenceDistance(0, 0xffff)).toBe(-1)
  expect(sequenceDistance(0, 0x8000)).toBe(-0x8000)
  expect(timestampDistance(0xffff_ffff, 1)).toBe(2)
  expect(timestampDistance(1, 0xffff_ffff)).toBe(-2)
})

test('sequence numbers unwrap in any order within half the space', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20_000, max: 20_000 }), { maxLength: 50 }), (steps) => {
      const unwrapper = new SequenceUnwrapper()
      let truth = unwrapper.unwrap(1000)
      for (const step of steps) {
        truth += step
        expect(unwrapper.peek(((truth % 0x10000) + 0x10000) & 0xffff)).toBe(truth)
        expect(unwrapper.unwrap(((truth % 0x10000) + 0x10000) & 0xffff)).toBe(truth)
      }
    }),
  )
})

test('timestamps unwrap over several wraps of 2^32', () => {
  const unwrapper = new TimestampUnwrapper()
  const start = unwrapper.unwrap(0xffff_0000)
  let truth = start
  for (let step = 0; step < 20; step++) {
    truth += 0x6000_0000
    expect(unwrapper.unwrap(truth % 0x1_0000_0000)).toBe(truth)
  }
})

test('NTP time is exact to a microsecond, its middle bits to 16 µs', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (time) => {
      expect(microsFromNtp(ntpFromMicros(time))).toBe(time)
    }),
  )
  const half = ntpFromMicros(3_500_000)
  expect(compactNtp(half)).toBe(0x0003_8000)
  expect(microsFromCompactNtp(compactNtpFromMicros(50_000))).toBeCloseTo(50_000, -2)
})
