import fc from 'fast-check'
import { expect, test } from 'vitest'
import { insertEmulationPrevention, removeEmulationPrevention } from './emulation-prevention.js'
import { bytesOf, hexOf } from './hex.fake.js'

/** Mostly the four values that matter. */
const payload = fc.uint8Array({ maxLength: 64, max: 4 })

test('inserting and removing are inverse, and no start code is left', () => {
  fc.assert(
    fc.property(payload, (bytes) => {
      const escaped = insertEmulationPrevention(bytes)
      expect(removeEmulationPrevention(escaped, 0, Infinity)).toEqual(bytes)
      expect(hexOf(escaped)).not.toMatch(/^(..)*000000|^(..)*000001|^(..)*000002/)
    }),
  )
})

test('reads the first bytes only when told so', () => {
  const nal = bytesOf('67 000003 01 000003 02')
  expect(hexOf(removeEmulationPrevention(nal, 1, 4))).toBe('000001')
  expect(hexOf(removeEmulationPrevention(nal, 1, 3))).toBe('0000')
  expect(removeEmulationPrevention(nal, 20, 8).length).toBe(0)
})

test('data without bytes to remove is not copied', () => {
  const nal = bytesOf('67 0102030405')
  expect(removeEmulationPrevention(nal, 1, 8).buffer).toBe(nal.buffer)
})
