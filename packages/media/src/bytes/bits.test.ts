import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BitReader } from './bit-reader.js'
import { BitWriter } from './bit-writer.js'

const field = fc.oneof(
  fc.record({ kind: fc.constant('bits' as const), value: fc.nat(0xffffffff), count: fc.integer({ min: 0, max: 32 }) }),
  fc.record({ kind: fc.constant('unsigned' as const), value: fc.nat(0x7ffffffe), count: fc.constant(0) }),
  fc.record({
    kind: fc.constant('signed' as const),
    value: fc.integer({ min: -0x3fffffff, max: 0x3fffffff }),
    count: fc.constant(0),
  }),
)

test('a BitReader reads what a BitWriter writes', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const out = new Uint8Array(20 * 8).fill(0xaa)
      const writer = new BitWriter(out)
      for (const { kind, value, count } of fields) {
        if (kind === 'bits') writer.bits(value, count)
        else if (kind === 'unsigned') writer.unsignedExpGolomb(value)
        else writer.signedExpGolomb(value)
      }
      writer.alignToByte()
      const reader = new BitReader(out, 0, writer.byteOffset)
      for (const { kind, value, count } of fields) {
        if (kind === 'bits') expect(reader.bits(count)).toBe(count === 0 ? 0 : value % 2 ** count)
        else if (kind === 'unsigned') expect(reader.unsignedExpGolomb()).toBe(value)
        else expect(reader.signedExpGolomb()).toBe(value)
      }
      expect(reader.failed).toBe(false)
      reader.alignToByte()
      expect(reader.bitsLeft).toBe(0)
    }),
  )
})

test('a read past the end yields 0 and fails for good', () => {
  const reader = new BitReader(Uint8Array.of(0xff, 0xff))
  expect(reader.bits(12)).toBe(0xfff)
  expect(reader.bits(5)).toBe(0)
  expect(reader.failed).toBe(true)
  expect(reader.bits(1)).toBe(0)
  expect(reader.unsignedExpGolomb()).toBe(0)
})

test('an Exp-Golomb code may have 31 leading zeros, not 32', () => {
  const longest = new BitReader(Uint8Array.of(0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff))
  expect(longest.unsignedExpGolomb()).toBe(2 ** 32 - 2)
  expect(longest.failed).toBe(false)
  const tooLong = new BitReader(new Uint8Array(16))
  expect(tooLong.unsignedExpGolomb()).toBe(0)
  expect(tooLong.failed).toBe(true)
})
