import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimestampUnwrapper } from './timestamp-unwrapper.js'

const WRAP = 2 ** 32

const advanceAll = (timestamps: readonly number[]): number[] => {
  const unwrapper = new TimestampUnwrapper()
  return timestamps.map((timestamp) => unwrapper.advance(timestamp))
}

test('the first timestamp stands as it is', () => {
  expect(advanceAll([3_600_000, 3_600_040])).toEqual([3_600_000, 3_600_040])
})

test('goes on across 2^24, 2^31 and 2^32', () => {
  for (const edge of [2 ** 24, 2 ** 31]) expect(advanceAll([edge - 20, edge + 20])).toEqual([edge - 20, edge + 20])
  expect(advanceAll([WRAP - 20, 20, 60])).toEqual([WRAP - 20, WRAP + 20, WRAP + 60])
})

test('a small step back is a small step back, also across 2^32 and below 0', () => {
  expect(advanceAll([1000, 960])).toEqual([1000, 960])
  expect(advanceAll([WRAP - 20, 20, WRAP - 10])).toEqual([WRAP - 20, WRAP + 20, WRAP - 10])
  expect(advanceAll([0, WRAP - 5, 5])).toEqual([0, -5, 5])
})

test('script data at 0 in mid-stream moves nothing', () => {
  const unwrapper = new TimestampUnwrapper()
  unwrapper.advance(2 ** 31 + 1_000_000)
  unwrapper.locate(0)
  expect(unwrapper.advance(2 ** 31 + 1_000_040)).toBe(2 ** 31 + 1_000_040)
})

test('follows any walk of steps below 2^31', () => {
  const step = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: WRAP - 1 }), fc.array(step), (start, steps) => {
      const walk = [start]
      for (const by of steps) walk.push(walk.at(-1)! + by)
      expect(advanceAll(walk.map((at) => ((at % WRAP) + WRAP) % WRAP))).toEqual(walk)
    }),
  )
})
