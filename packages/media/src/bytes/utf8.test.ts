import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteLengthOfUtf8, decodeUtf8, encodeUtf8 } from './utf8.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

test('encodes any string as the platform does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.string({ unit: 'grapheme' }), (wild, tame) => {
      for (const text of [wild, tame, wild + '\ud800', '\udc00' + tame]) {
        expect(encodeUtf8(text)).toEqual(encoder.encode(text))
        expect(byteLengthOfUtf8(text)).toBe(encoder.encode(text).length)
      }
    }),
  )
})

test('decodes well-formed bytes as the platform does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeUtf8(encoder.encode(text))).toBe(text)
    }),
  )
  const long = 'é推🎥'.repeat(5000)
  expect(decodeUtf8(encoder.encode(long))).toBe(long)
})

test('takes as well-formed exactly what the platform does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      expect(decodeUtf8(bytes).includes('\ufffd')).toBe(decoder.decode(bytes).includes('\ufffd'))
    }),
    { numRuns: 2000 },
  )
})

test('reads a part of an array', () => {
  expect(decodeUtf8(encoder.encode('a推b'), 1, 4)).toBe('推')
  expect(decodeUtf8(encoder.encode('a推b'), 1, 3)).toBe('\ufffd\ufffd')
})
