import { expect, test } from 'vitest'
import fc from 'fast-check'
import { clockAge, clockBits, clockOfBits, clockPicture, drawClock, newFrame } from './clock-picture.js'

test('every time survives being written as bits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (ms) => {
      expect(clockOfBits(clockBits(ms))).toBe(ms)
    }),
  )
})

test('one wrong bit is noticed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 39 }), (ms, wrong) => {
      const bits = clockBits(ms).map((bit, index) => (index === wrong ? !bit : bit))
      expect(clockOfBits(bits)).toBeUndefined()
    }),
  )
})

test('the clock is read out of the middle of the blocks of a drawn frame', () => {
  const frame = newFrame()
  const nowMs = 1_763_800_000_123
  drawClock(frame, 7, nowMs)
  const bits = Array.from(
    { length: clockPicture.blocks },
    (_, block) => frame[8 * clockPicture.width + block * 16 + 8]! > 128,
  )
  expect(clockAge(clockOfBits(bits)!, nowMs + 250)).toBe(250)
})

test('age counts over the wrap of 32 bits', () => {
  expect(clockAge(2 ** 32 - 10, 2 ** 32 * 3 + 15)).toBe(25)
})
