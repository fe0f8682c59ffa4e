import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Rect } from '../ipc/composite-order.js'
import { COMPOSITE_LAYOUTS, placeTiles } from './layout.js'

const cases = fc.record({
  layout: fc.constantFrom(...COMPOSITE_LAYOUTS),
  count: fc.integer({ min: 0, max: 16 }),
  width: fc.integer({ min: 32, max: 1920 }).map((value) => value * 2),
  height: fc.integer({ min: 32, max: 1920 }).map((value) => value * 2),
})

const meets = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

test('every place is within the canvas, even, and not empty; tiles beside each other never meet', () => {
  fc.assert(
    fc.property(cases, ({ layout, count, width, height }) => {
      const places = placeTiles(layout, count, width, height)
      expect(places.length > 0).toBe(count > 0)
      expect(places.length).toBeLessThanOrEqual(count)
      for (const { x, y, width: w, height: h } of places) {
        for (const value of [x, y, w, h]) expect(value % 2).toBe(0)
        expect(Math.min(x, y, w - 2, h - 2)).toBeGreaterThanOrEqual(0)
        expect(x + w <= width && y + h <= height).toBe(true)
      }
      if (layout === 'pip') return
      for (const [index, place] of places.entries())
        for (const other of places.slice(index + 1)) expect(meets(place, other)).toBe(false)
    }),
  )
})

test('a grid shows everybody, as big as the shape allows', () => {
  expect(placeTiles('grid', 4, 1280, 720)).toEqual([
    { x: 0, y: 0, width: 638, height: 358 },
    { x: 642, y: 0, width: 638, height: 358 },
    { x: 0, y: 362, width: 638, height: 358 },
    { x: 642, y: 362, width: 638, height: 358 },
  ])
  expect(placeTiles('grid', 3, 1280, 720)[2]!.x).toBe(320)
  for (let count = 1; count <= 16; count++) expect(placeTiles('grid', count, 640, 360)).toHaveLength(count)
})

test('a speaker is big and the others stand beside it, below it in an upright canvas', () => {
  const [big, first] = placeTiles('speaker', 5, 1280, 720)
  expect(big).toEqual({ x: 0, y: 0, width: 1020, height: 720 })
  expect(first).toEqual({ x: 1024, y: 0, width: 256, height: 144 })
  expect(placeTiles('speaker', 3, 720, 1280)[1]!.y).toBeGreaterThan(1000)
})
