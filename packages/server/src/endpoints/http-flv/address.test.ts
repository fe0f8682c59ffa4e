import { expect, test } from 'vitest'
import { addressCases } from './address.cases.js'
import { parseFlvAddress } from './address.js'
import { flvVariantOf } from './variant.js'

const UNCHANGED = { fillsSilence: false, without: undefined } as const

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
  expect(flvVariantOf(new Map(new URLSearchParams(query)), UNCHANGED, false).name).toBe(name)
})

test('the gate’s conditions for a play apply whatever its address says', () => {
  const variant = flvVariantOf(new Map(), { fillsSilence: true, without: 'video' }, false)
  expect([variant.name, variant.filters]).toEqual(['flv+silence+no-video', { fillsSilence: true, without: 'video' }])
})
