import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClockMap } from './clock-map.js'

const micros = fc.integer({ min: 0, max: 2 ** 45 })

test('whole times of the peer are whole times here, at most half of the way of the best answer off', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 44), max: 2 ** 44 }),
      fc.array(fc.tuple(fc.nat(200_000), fc.nat(200_000)), { minLength: 1, maxLength: 100 }),
      micros,
      (offset, ways, theirs) => {
        const map = new ClockMap()
        let now = 0
        for (const [there, back] of ways) {
          map.measure(now, now + there + offset, now + there + back)
          now += there + back
        }
        const local = map.toLocal(theirs)
        expect(Number.isInteger(local)).toBe(true)
        expect(Math.abs(local - (theirs - offset))).toBeLessThanOrEqual(Math.ceil(map.error(now)!))
      },
    ),
  )
})
