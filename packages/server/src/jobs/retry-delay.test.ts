import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryDelayMs } from './index.js'

test('a pause is between half of what the failures call for and all of it, and never longer than the maximum', () => {
  const limits = fc.record({
    firstMs: fc.integer({ min: 1, max: 5000 }),
    maxMs: fc.integer({ min: 5000, max: 60_000 }),
  })
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), limits, random, (failures, { firstMs, maxMs }, chance) => {
      const pause = retryDelayMs(failures, { firstMs, maxMs }, () => chance)
      const called = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 40))
      expect(pause).toBeGreaterThanOrEqual(Math.floor(called / 2))
      expect(pause).toBeLessThanOrEqual(called)
    }),
  )
})
