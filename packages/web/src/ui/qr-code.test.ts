import { expect, test } from 'vitest'
import { modulesOf } from './qr-code.js'

test('a QR code grows with its content and keeps its quiet zone', () => {
  const short = modulesOf('https://host/call?room=a')
  const long = modulesOf(`https://host/call?room=${'a'.repeat(64)}`)
  expect(short.size).toBe(29 + 8 - 4 + 0)
  expect(long.size).toBeGreaterThan(short.size)
  // The finder pattern's corner is the first module inside the quiet zone (ISO/IEC 18004 section 6.3.3).
  expect(short.path.startsWith('M4 4h1v1h-1z')).toBe(true)
})
