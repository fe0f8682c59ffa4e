import { expect, test } from 'vitest'
import { addressCases } from './address.cases.js'
import { parseFlvAddress } from './address.js'
import { flvVariantOf } from './variant.js'

test.each(addressCases)('%s', (target, wanted) => {
  const address = parseFlvAddress(target, 32)
  const query = [...(address?.query ?? [])].map(([name, value]) => `${name}=${value}`).join('&')
  expect(address === undefined ? undefined : [address.app, address.stream, query]).toEqual(wanted)
})

test('no more arguments are kept than allowed', () => {
  const query = Array.from({ length: 100 }, (_, i) => `a${String(i)}=1`).join('&')
  expect(parseFlvAddress(`/live/x.flv?${query}`, 32)?.query.size).toBe(32)
})

test.each([
  ['', 'flv'],
  ['audio=always', 'flv+silence'],
  ['audio=sometimes&hevc=h266', 'flv'],
  ['hevc=legacy', 'flv+legacy'],
  ['hevc=enhanced&audio=always', 'flv+silence+enhanced'],
])('the variant of "%s" is %s', (query, name) => {
  expect(flvVariantOf(new Map(new URLSearchParams(query))).name).toBe(name)
})
