import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gridFor, tilesPerPage } from './grid.js'

test.each([
  [1, 1200, 700, 1],
  [2, 1200, 700, 2],
  [4, 1200, 700, 2],
  [9, 1200, 700, 3],
  [2, 390, 700, 1],
  [4, 390, 700, 1],
  [6, 390, 700, 2],
])('%i tiles in %i × %i stand in %i columns', (count, width, height, columns) => {
  expect(gridFor(count, width, height, 8).columns).toBe(columns)
})

test('tiles always fit, whatever their number and the space', () => {
  const size = fc.integer({ min: 60, max: 4000 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), size, size, (count, width, height) => {
      const { columns, rows, tileWidth, tileHeight } = gridFor(count, width, height, 2)
      expect(columns * rows).toBeGreaterThanOrEqual(count)
      expect(columns * tileWidth + (columns - 1) * 2).toBeLessThanOrEqual(width)
      expect(rows * tileHeight + (rows - 1) * 2).toBeLessThanOrEqual(height)
    }),
  )
})

test('a page has at least two tiles, and not more than can be told apart', () => {
  expect(tilesPerPage(0, 0)).toBe(2)
  expect(tilesPerPage(390, 600)).toBe(4)
  expect(tilesPerPage(4000, 2000)).toBe(16)
})
