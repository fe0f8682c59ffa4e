import { expect, test } from 'vitest'
import { linkCases } from './link.cases.js'
import { callAddress, parseDesktopLink } from './link.js'

test.each(linkCases)('%s', (link, wanted) => {
  const parsed = parseDesktopLink(link)
  if (wanted instanceof RegExp) expect(parsed).toMatch(wanted)
  else expect(parsed).toEqual(wanted)
})

test('the address of the call has the ticket after #, invisible to servers and logs', () => {
  const link = { server: 'https://h.example', roomId: '42', userId: 'ann', name: 'Ann & Bo', ticket: 'T'.repeat(22) }
  const address = new URL(callAddress(link))
  expect(address.origin + address.pathname).toBe('https://h.example/call')
  expect(Object.fromEntries(address.searchParams)).toEqual({ room: '42', name: 'Ann & Bo' })
  expect(Object.fromEntries(new URLSearchParams(address.hash.slice(1)))).toEqual({
    userid: 'ann',
    ticket: 'T'.repeat(22),
  })
})
