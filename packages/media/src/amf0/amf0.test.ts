import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { amf0Cases, malformedCases, tolerantCases } from './amf0.cases.js'
import { parseAmf0Values } from './reader.js'
import { Amf0Date, EcmaArray, type Amf0Object, type Amf0Value } from './value.js'
import { byteLengthOfAmf0Value, encodeAmf0Values, writeAmf0Value } from './writer.js'

test.each(amf0Cases)('reads and writes $name', ({ value, hex }) => {
  const bytes = bytesOf(hex)
  expect(parseAmf0Values(bytes)).toEqual([value])
  expect(byteLengthOfAmf0Value(value)).toBe(bytes.length)
  expect(encodeAmf0Values([value])).toEqual(bytes)
})

test.each(tolerantCases)('reads $name', ({ value, hex }) => {
  expect(parseAmf0Values(bytesOf(hex))).toEqual([value])
})

test.each(malformedCases)('refuses $name', ({ hex }) => {
  expect(parseAmf0Values(bytesOf(hex))).toBeUndefined()
})

test('reads several values, and none from nothing', () => {
  expect(parseAmf0Values(encodeAmf0Values(['onStatus', 0, null]))).toEqual(['onStatus', 0, null])
  expect(parseAmf0Values(new Uint8Array())).toEqual([])
})

test('writes at an offset of a view into a larger buffer and touches nothing else', () => {
  const out = new Uint8Array(new ArrayBuffer(64), 8, 32).fill(0xaa)
  expect(writeAmf0Value(1, out, 3)).toBe(12)
  expect([...out.subarray(0, 3), ...out.subarray(12)].every((byte) => byte === 0xaa)).toBe(true)
  expect(parseAmf0Values(out.subarray(3, 12))).toEqual([1])
})

test('a string over 65 535 bytes is written as a long string', () => {
  const text = 'x'.repeat(65_536)
  const bytes = encodeAmf0Values([text])
  expect(bytes[0]).toBe(0x0c)
  expect(parseAmf0Values(bytes, { maxDepth: 1, maxNodes: 1, maxBytes: 70_000 })).toEqual([text])
})

test('a key over 65 535 bytes is refused when written', () => {
  expect(() => encodeAmf0Values([{ ['k'.repeat(65_536)]: 1 }])).toThrow(RangeError)
})

const nested = (depth: number): Uint8Array => bytesOf('0a00000001'.repeat(depth) + '05')

test('containers may be 16 deep, not 17, and not deep enough to exhaust the stack', () => {
  expect(parseAmf0Values(nested(16))).toBeDefined()
  for (const depth of [17, 8000, 13_000]) expect(parseAmf0Values(nested(depth))).toBeUndefined()
})

test('1024 values are read, 1025 refused', () => {
  expect(parseAmf0Values(new Uint8Array(1024).fill(0x05))).toHaveLength(1024)
  expect(parseAmf0Values(new Uint8Array(1025).fill(0x05))).toBeUndefined()
})

test('64 KiB are read, one byte more refused', () => {
  const full = encodeAmf0Values(['x'.repeat(64 * 1024 - 3)])
  expect(full.length).toBe(64 * 1024)
  expect(parseAmf0Values(full)).toBeDefined()
  expect(parseAmf0Values(encodeAmf0Values(['x'.repeat(64 * 1024 - 3), null]))).toBeUndefined()
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('the key %s is an ordinary property', (key) => {
  const evil = Object.fromEntries([[key, Object.fromEntries([['polluted', true]])]]) as Amf0Object
  const [read] = parseAmf0Values(encodeAmf0Values([evil])) as [Amf0Object]
  expect(Object.getPrototypeOf(read)).toBeNull()
  expect(Object.keys(read)).toEqual([key])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

const amf0Value = fc.letrec<{ value: Amf0Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: 'grapheme' }), fc.constant(null), fc.constant(undefined)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    fc
      .dictionary(fc.string(), tie('value'), { maxKeys: 4 })
      .map((properties) => new EcmaArray(properties as Amf0Object)),
    fc.tuple(fc.double(), fc.integer({ min: -720, max: 720 })).map(([at, zone]) => new Amf0Date(at, zone)),
  ),
})).value

test('written data is read back', () => {
  fc.assert(
    fc.property(fc.array(amf0Value, { maxLength: 4 }), (values) => {
      const bytes = encodeAmf0Values(values)
      const limits = { maxDepth: 16, maxNodes: 100_000, maxBytes: 1 << 24 }
      expect(encodeAmf0Values(parseAmf0Values(bytes, limits)!)).toEqual(bytes)
      expect(parseAmf0Values(bytes, limits)).toEqual(values)
    }),
  )
})
