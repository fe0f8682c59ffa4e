import { expect, test } from 'vitest'
import fc from 'fast-check'

import { clockAgeMs, drawClock, type Luma } from './clock-picture.js'

function plane(width: number, height: number): Luma {
  return { bytes: new Uint8Array((width + 8) * height), stride: width + 8, width, height }
}

test('a drawn clock is read back, upright and landscape', () => {
  fc.assert(
    fc.property(
      fc.constantFrom([640, 360], [360, 640], [1280, 720], [180, 320], [160, 90]),
      fc.integer({ min: 0, max: 2 ** 42 }),
      fc.integer({ min: 0, max: 59_999 }),
      ([width, height], madeAt, age) => {
        const luma = plane(width, height)
        drawClock(luma, madeAt)
        expect(clockAgeMs(luma, madeAt + age)).toBe(age)
      },
    ),
  )
})

test('a landscape picture of 640 is the one that browsers and tests draw', () => {
  const luma = plane(640, 360)
  drawClock(luma, 0x80000001)
  const row = Array.from({ length: 40 }, (_, block) =>
    luma.bytes[8 * luma.stride + block * 16 + 8]! > 128 ? '1' : '0',
  )
  expect(row.join('')).toBe(`1${'0'.repeat(30)}1${(0x81).toString(2)}`)
})

test('a black picture, an old clock and noise are no clock', () => {
  expect(clockAgeMs(plane(360, 640), 1_700_000_000_000)).toBeUndefined()
  const luma = plane(360, 640)
  drawClock(luma, 1_700_000_000_000)
  expect(clockAgeMs(luma, 1_700_000_060_001)).toBeUndefined()
  luma.bytes[9 * luma.stride + 9] = 255 - luma.bytes[9 * luma.stride + 9]!
  expect(clockAgeMs(luma, 1_700_000_000_010)).toBeUndefined()
})
