import { expect, test } from 'vitest'
import { addressCases, reloadCases } from './address.cases.js'
import { parseHlsAddress, parseReload } from './address.js'

test.each(addressCases)('%s asks for %s', (target, asks) => {
  const address = parseHlsAddress(target, 32)
  const said = address && `${address.app}/${address.stream} ${address.file} ${String(address.query.size)}`
  expect(said).toBe(asks)
})

test.each(reloadCases)('the query "%s" is a reload of %j', (query, asks) => {
  expect(parseReload(new Map(new URLSearchParams(query)))).toEqual(asks)
})

test('of a query no more fields are kept than allowed, and of equal ones the first', () => {
  const query = Array.from({ length: 100 }, (_, index) => `f${String(index >> 1)}=${String(index)}`).join('&')
  const address = parseHlsAddress(`/hls/live/a/index.m3u8?${query}`, 8)!
  expect([...address.query]).toEqual(Array.from({ length: 8 }, (_, index) => [`f${String(index)}`, String(index * 2)]))
})
