import { expect, test } from 'vitest'
import { clockAgeMs } from './clock-picture.js'
import { widthOf } from './letters.js'
import { blankPicture, type Picture } from './painter.js'
import { Scene } from './scene.js'

const NOW = 1_700_000_001_000

function paintedAt(width: number, height: number, nowMs: number, name = 'phone'): Picture {
  const picture = blankPicture(width, height)
  new Scene(name).paint(picture, nowMs)
  return picture
}

/** Shares of the picture's brightness that differ by more than what nobody sees. */
function changed(before: Picture, after: Picture): number {
  return before.bytes.filter((value, at) => Math.abs(value - after.bytes[at]!) > 24).length / before.bytes.length
}

test.each([
  [640, 360],
  [360, 640],
  [1280, 720],
  [180, 320],
])('at %d × %d the clock is read, the picture has colour, and something moves within a second', (width, height) => {
  const picture = paintedAt(width, height, NOW)
  expect(clockAgeMs(picture, NOW + 80)).toBe(80)
  expect(new Set(picture.v).size).toBeGreaterThan(25)
  expect(changed(picture, paintedAt(width, height, NOW + 1000))).toBeGreaterThan(0.001)
})

test('the name is in the picture, whatever its length', () => {
  const [short, long] = [paintedAt(640, 360, NOW, 'ann'), paintedAt(640, 360, NOW, 'x'.repeat(32))]
  expect(changed(short, long)).toBeGreaterThan(0.0005)
  expect(widthOf('', 10)).toBe(0)
})

test('painting again over an old picture leaves nothing of it', () => {
  const scene = new Scene('phone')
  const picture = blankPicture(360, 640)
  scene.paint(picture, NOW)
  scene.paint(picture, NOW + 5000)
  expect(changed(picture, paintedAt(360, 640, NOW + 5000))).toBe(0)
})
