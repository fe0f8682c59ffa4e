import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WholeLines } from './whole-lines.js'

function linesOf(pieces: readonly string[], maxLength = 1000): string[] {
  const lines: string[] = []
  const whole = new WholeLines(maxLength, (line) => lines.push(line))
  for (const piece of pieces) whole.add(piece)
  whole.end()
  return lines
}

test('lines come out whole, wherever the pieces end', () => {
  const line = fc.string({ minLength: 1, maxLength: 20 }).map((text) => text.replaceAll('\n', ' '))
  const cuts = fc.array(fc.nat(200), { maxLength: 8 })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), cuts, (lines, at) => {
      const text = lines.map((one) => `${one}\n`).join('')
      const ends = [0, ...at.map((cut) => cut % (text.length + 1)).sort((one, other) => one - other), text.length]
      const pieces = ends.slice(1).map((end, index) => text.slice(ends[index], end))
      expect(linesOf(pieces)).toEqual(lines)
    }),
  )
})

test('the last words of a crash need no line feed, and a line without an end becomes several', () => {
  expect(linesOf(['a\nb'])).toEqual(['a', 'b'])
  const lines = linesOf(['x'.repeat(8), 'x'.repeat(8), 'x'.repeat(8)], 10)
  expect(lines.join('')).toBe('x'.repeat(24))
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(18)
})
