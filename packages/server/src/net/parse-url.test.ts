import { expect, test } from 'vitest'
import { parseUrl } from './parse-url.js'

test('an invalid URL is undefined', () => {
  expect(parseUrl('https://h.example/a?b')?.host).toBe('h.example')
  // The last one passes `URL.canParse` of Node 20 once that is compiled: it reads Latin-1 as UTF-8.
  for (const text of ['', 'x', 'http://', 'http://a b', 'http:e\u00cc\u00a8']) expect(parseUrl(text)).toBeUndefined()
})
