import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromAv1Record } from './config.js'
import { isAv1Keyframe, parseObus } from './obu.js'

/** From a 320 × 180 stream of SVT-AV1 by ffmpeg 5.1: box av1C, and the sequence header OBU of its first temporal unit. */
const record = '81000c000a0b000000043cfecc02f80040'
const sequenceHeader = '0a0b000000043cfeccfbf90040'

test('a record', () => {
  expect(videoConfigFromAv1Record(bytesOf(record))).toMatchObject({
    codec: 'av1',
    width: 320,
    height: 180,
    codecString: 'av01.0.00M.08',
  })
  expect(videoConfigFromAv1Record(bytesOf('81000c00'))).toMatchObject({ width: 0, height: 0 })
})

test.each([
  ['another version', '82000c00'],
  ['three bytes', '81000c'],
  ['a sequence header cut short', '81000c000a03000000'],
  ['an OBU longer than the record', '81000c000a7f000000'],
])('record refused: %s', (_, hex) => {
  expect(videoConfigFromAv1Record(bytesOf(hex))).toBeUndefined()
})

test.each([
  ['a key frame with its sequence header', `1200${sequenceHeader}32021400`, true],
  ['a key frame without sequence header', '120032021400', false],
  ['an inter frame', '1200 3203290012', false],
  ['a frame that repeats an earlier one', '12001a01d8', false],
  ['an intra-only frame', `1200${sequenceHeader}32025400`, false],
  ['a size past the end', `1200${sequenceHeader}32ff01`, false],
  ['nothing', '', false],
])('temporal unit: %s', (_, hex, keyframe) => {
  expect(isAv1Keyframe(bytesOf(hex))).toBe(keyframe)
})

test('a size of five bytes is refused, the last OBU needs none', () => {
  expect(parseObus(bytesOf('0a ffffffff01 00'))).toBeUndefined()
  expect(parseObus(bytesOf('1200 30 1400'))).toEqual([
    { type: 2, start: 2, end: 2 },
    { type: 6, start: 3, end: 5 },
  ])
})
