import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitOf, gridFor, tilesPerPage } from './grid.js'

test.each([
  [1, 1200, 700, 1],
  [2, 1200, 700, 2],
  [4, 1200, 700, 2],
  [9, 1200, 700, 3],
  [2, 390, 700, 1],
  [4, 374, 640, 2],
  [9, 374, 620, 2],
  [6, 390, 700, 2],
])('%i tiles in %i × %i stand in %i columns', (count, width, height, columns) => {
  expect(gridFor(count, width, height, 8).columns).toBe(columns)
})

test('one tile alone on a phone is shaped as the picture of another phone', () => {
  const { tileWidth, tileHeight } = gridFor(1, 374, 720, 8)
  expect(tileWidth).toBe(374)
  expect(fitOf({ width: 360, height: 640 }, { width: tileWidth, height: tileHeight })).toBe('cover')
  expect(tileHeight).toBeGreaterThan(660)
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

test('a picture fills its tile where little is lost, and is seen whole where more would be', () => {
  const side = fc.integer({ min: 1, max: 4000 })
  const size = fc.record({ width: side, height: side })
  fc.assert(
    fc.property(size, size, (picture, box) => {
      const scale = Math.max(box.width / picture.width, box.height / picture.height)
      const lost = 1 - (box.width * box.height) / (picture.width * scale * (picture.height * scale))
      if (Math.abs(lost - 0.25) > 1e-6) expect(fitOf(picture, box)).toBe(lost > 0.25 ? 'contain' : 'cover')
    }),
  )
  expect(fitOf({ width: 360, height: 640 }, { width: 590, height: 330 })).toBe('contain')
  expect(fitOf({ width: 1280, height: 720 }, { width: 400, height: 300 })).toBe('cover')
  expect(fitOf({ width: 0, height: 0 }, { width: 400, height: 300 })).toBe('cover')
})

test('a page has at least two tiles, and no more than remain distinguishable', () => {
  expect(tilesPerPage(0, 0)).toBe(2)
  expect(tilesPerPage(374, 560)).toBe(10)
  expect(tilesPerPage(4000, 2000)).toBe(16)
})
