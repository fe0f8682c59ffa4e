import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { byteLengthOfAnnexB, splitAnnexB, writeAnnexB } from './annexb.js'
import {
  byteLengthOfLengthPrefixed,
  MAX_NAL_UNITS,
  splitLengthPrefixed,
  writeLengthPrefixed,
} from './length-prefixed.js'

/** NAL units never hold a start code and never end in zero. */
const unit = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => bytes.map((byte, index) => (index % 2 === 0 || index === bytes.length - 1 ? byte | 4 : byte)))

test('Annex B: what is written is split into the same units', () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
      const out = new Uint8Array(byteLengthOfAnnexB(units))
      expect(writeAnnexB(units, out, 0)).toBe(out.length)
      expect(splitAnnexB(out).map(hexOf)).toEqual(units.map(hexOf))
    }),
  )
})

test.each([
  ['start codes of three and four bytes', '00000001 67aa 000001 68bb 00000001 65cc', ['67aa', '68bb', '65cc']],
  ['zero bytes behind a unit', '000001 67aa 0000 000001 68bb 0000', ['67aa', '68bb']],
  ['bytes before the first start code', 'ffff 000001 67', ['67']],
  ['empty units', '000001 000001 67 000001', ['67']],
  ['no start code', '67aa68bb', []],
  ['nothing', '', []],
])('Annex B: %s', (_, stream, units) => {
  expect(splitAnnexB(bytesOf(stream)).map(hexOf)).toEqual(units)
})

test.each([1, 2, 4] as const)('lengths of %i bytes: what is written is split into the same units', (lengthSize) => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
      const out = new Uint8Array(byteLengthOfLengthPrefixed(units, lengthSize))
      expect(writeLengthPrefixed(units, lengthSize, out, 0)).toBe(out.length)
      const split: Uint8Array[] = []
      expect(splitLengthPrefixed(out, 0, out.length, lengthSize, split)).toBe(true)
      expect(split.map(hexOf)).toEqual(units.map(hexOf))
    }),
  )
})

test.each([
  ['a length past the end', '00000005 65010203', false],
  ['the longest length', 'ffffffff 65', false],
  ['a length that is cut short', '00000001 65 0000', false],
  ['units of length 0', '00000000 00000001 65 00000000', true],
])('lengths: %s', (_, body, accepted) => {
  const units: Uint8Array[] = []
  const bytes = bytesOf(body)
  expect(splitLengthPrefixed(bytes, 0, bytes.length, 4, units)).toBe(accepted)
  if (accepted) expect(units.map(hexOf)).toEqual(['65'])
})

test('lengths: 512 units are accepted, 513 are not', () => {
  const body = new Uint8Array(MAX_NAL_UNITS * 2 + 2).fill(1)
  expect(splitLengthPrefixed(body, 0, MAX_NAL_UNITS * 2, 1, [])).toBe(true)
  expect(splitLengthPrefixed(body, 0, body.length, 1, [])).toBe(false)
})
