import { expect, test } from 'vitest'
import { buildSps, type SpsFields, vuiHrd, vuiReordering, vuiTiming } from './sps.fake.js'
import { MAX_SPS_BYTES, parseSps } from './sps.js'

test('an SPS without VUI tells the size, but not the reordering', () => {
  expect(parseSps(buildSps())).toMatchObject({ id: 0, profileIdc: 77, width: 320, height: 192, progressive: true })
  expect(parseSps(buildSps())?.reorderFrames).toBeUndefined()
})

test.each<[string, SpsFields, number | undefined]>([
  ['baseline', { profileIdc: 66 }, 0],
  ['picture order count type 2', { orderCountType: 2 }, 0],
  ['picture order count type 1', { orderCountType: 1, orderCountCycle: 255 }, undefined],
  ['bitstream restriction 0', { vui: vuiReordering(0) }, 0],
  ['bitstream restriction 3', { vui: vuiReordering(3) }, 3],
])('reordering: %s', (_, fields, reorderFrames) => {
  const sps = parseSps(buildSps(fields))
  expect(sps).toBeDefined()
  expect(sps?.reorderFrames).toBe(reorderFrames)
})

test.each<[string, SpsFields]>([
  ['an id of 32', { id: 32 }],
  ['picture order count type 3', { orderCountType: 3 }],
  ['a cycle of 256 reference frames', { orderCountType: 1, orderCountCycle: 256 }],
  ['a cycle of 2^31 - 2 reference frames', { orderCountType: 1, orderCountCycle: 0x7ffffffe }],
  ['17 reference frames', { referenceFrames: 17 }],
  ['8208 pixels wide', { macroblocksWide: 513 }],
  ['more than 36864 macroblocks', { macroblocksWide: 256, macroblocksHigh: 145 }],
  ['2^31 - 2 macroblocks wide', { macroblocksWide: 0x7ffffffe }],
  ['cropped to nothing', { crop: [80, 80, 0, 0] }],
  ['cropped beyond the picture', { crop: [0, 0x7ffffffe, 0, 0] }],
  ['33 coded picture buffers', { vui: vuiHrd(33) }],
  ['2^30 coded picture buffers', { vui: vuiHrd(0x40000000) }],
  ['17 frames of reordering', { vui: vuiReordering(17) }],
])('refused: %s', (_, fields) => {
  expect(parseSps(buildSps(fields))).toBeUndefined()
})

test('accepted at the limits', () => {
  expect(parseSps(buildSps({ macroblocksWide: 256, macroblocksHigh: 144 }))).toMatchObject({
    width: 4096,
    height: 2304,
  })
  expect(parseSps(buildSps({ macroblocksWide: 512, macroblocksHigh: 72 }))).toMatchObject({ width: 8192, height: 1152 })
  expect(parseSps(buildSps({ macroblocksWide: 1, macroblocksHigh: 1 }))).toMatchObject({ width: 16, height: 16 })
  expect(parseSps(buildSps({ vui: vuiHrd(32) }))).toBeDefined()
  expect(parseSps(buildSps({ crop: [1, 2, 3, 4] }))).toMatchObject({ width: 314, height: 178 })
})

test.each([
  [1, 50, 25],
  [1001, 60000, 30000 / 1001],
  [0, 50, undefined],
  [1, 0, undefined],
  [0x80000000, 50, 50 / 2 ** 32],
  [1, 0xffffffff, undefined],
])('a time base of %i in %i is %s frames per second', (unitsInTick, timeScale, frameRate) => {
  expect(parseSps(buildSps({ vui: vuiTiming(unitsInTick, timeScale) }))?.frameRate).toBe(frameRate)
})

test('a VUI that is cut short keeps the size', () => {
  const whole = buildSps({ vui: vuiTiming(1, 50) })
  expect(parseSps(whole.subarray(0, whole.length - 5))).toMatchObject({ width: 320, frameRate: undefined })
})

test('every shorter piece of an SPS without VUI is refused or tells the same size', () => {
  const whole = buildSps({ crop: [1, 2, 3, 4] })
  for (let length = 0; length < whole.length - 1; length++) expect(parseSps(whole.subarray(0, length))).toBeUndefined()
})

test('an SPS of more than 256 bytes is refused', () => {
  const long = new Uint8Array(MAX_SPS_BYTES + 1)
  long.set(buildSps())
  expect(parseSps(long.subarray(0, MAX_SPS_BYTES))).toBeDefined()
  expect(parseSps(long)).toBeUndefined()
})
