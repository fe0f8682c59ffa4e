import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { hasIdr, isH264Droppable } from './nal.js'
import { parsePpsIds } from './pps.js'
import { h264Recovery } from './recovery.js'
import { hasBSlice, sliceType } from './slice-header.js'

/** first_mb_in_slice 0 (`1`), then slice_type as ue(v), pic_parameter_set_id 0 (`1`). */
test.each([
  ['P, code 0', '41 e0', 'P'],
  ['B, code 1', '01 a8', 'B'],
  ['I, code 2', '41 b8', 'I'],
  ['P, code 5', '41 9a', 'P'],
  ['B, code 6', '01 9e', 'B'],
  ['I, code 7', '65 88 80', 'I'],
  ['SI, code 9', '41 8a 80', 'SI'],
  ['code 10', '41 8b 80', undefined],
  ['an SEI', '06 e0', undefined],
  ['a slice without content', '41', undefined],
  ['a slice of zeros', '41 00000000000000000000', undefined],
])('slice type: %s', (_, hex, type) => {
  expect(sliceType(bytesOf(hex))).toBe(type)
})

test('an access unit with one B-slice has one', () => {
  expect(hasBSlice(['09f0', '41e0', '01a8'].map(bytesOf))).toBe(true)
  expect(hasBSlice(['09f0', '41e0'].map(bytesOf))).toBe(false)
})

test.each([
  ['a slice nobody refers to', ['01a8'], true],
  ['an SEI beside it', ['06050100', '01a8'], true],
  ['one slice that is referred to', ['01a8', '21a8'], false],
  ['no slice at all', ['06050100', '09f0'], false],
])('droppable: %s', (_, units, droppable) => {
  expect(isH264Droppable(units.map(bytesOf))).toBe(droppable)
})

test.each([
  ['a recovery point at once', ['0606 01 c4 80', '4188'], false, 0],
  ['a recovery point after 49 pictures', ['0606 02 0640 80', '4188'], false, 49],
  ['a recovery point behind user data', ['0605 02 aabb 06 01 c4 80', '4188'], false, 0],
  ['a recovery point behind user data of 256 bytes', ['0605ff01' + 'aa'.repeat(256) + '0601c480'], false, 0],
  ['user data', ['0605 02 0606 80', '4188'], false, undefined],
  ['a P picture', ['41e0'], true, undefined],
  ['I slices that are tagged as key', ['09f0', '41b8', '4188'], true, 0],
  ['I slices that are not', ['09f0', '41b8'], false, undefined],
  ['an I slice and a P slice', ['41b8', '41e0'], true, undefined],
])('a lenient decoder may start: %s', (_, units, taggedKey, recovery) => {
  expect(h264Recovery(units.map(bytesOf), taggedKey)).toBe(recovery)
})

test('every decoder may start at an IDR picture', () => {
  expect(hasIdr(['67aa', '68bb', '658880'].map(bytesOf))).toBe(true)
  expect(hasIdr(['0606 01 c4 80', '41b8'].map(bytesOf))).toBe(false)
})

test('the ids of a PPS', () => {
  expect(parsePpsIds(bytesOf('68 cb83cb20'))).toEqual({ id: 0, spsId: 0 })
  expect(parsePpsIds(bytesOf('68 4b'))).toEqual({ id: 1, spsId: 1 })
  expect(parsePpsIds(bytesOf('68'))).toBeUndefined()
  expect(parsePpsIds(bytesOf('68 0000000000'))).toBeUndefined()
})
