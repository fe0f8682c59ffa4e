import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { plainAddress } from './address-ranges.js'
import { TrustedProxies } from './client-address.js'

const from = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

test.each([
  ['a stranger may claim nothing', '203.0.113.9', '10.0.0.1', '203.0.113.9'],
  ['a proxy names the client', '10.1.1.1', '198.51.100.7', '198.51.100.7'],
  ['a chain of proxies is walked from the near end', '10.1.1.1', '1.2.3.4, 198.51.100.7, 10.2.2.2', '198.51.100.7'],
  ['what is no address ends the walk', '10.1.1.1', 'evil, 10.2.2.2', '10.2.2.2'],
  ['IPv4 inside IPv6 is IPv4', '::ffff:10.1.1.1', '::ffff:198.51.100.7', '198.51.100.7'],
  ['a proxy that says nothing is the client', '10.1.1.1', undefined, '10.1.1.1'],
])('%s', (_what, remote, forwarded, wanted) => {
  expect(new TrustedProxies(['10.0.0.0/8']).clientAddress(from(remote, forwarded))).toBe(wanted)
})

test('without trusted proxies the header is ignored; a malformed range is refused with a sentence', () => {
  expect(new TrustedProxies([]).clientAddress(from('10.1.1.1', '1.2.3.4'))).toBe('10.1.1.1')
  expect(() => new TrustedProxies(['proxy.example'])).toThrow('"proxy.example" is no IP address or CIDR range.')
  expect(plainAddress('::1')).toBe('::1')
})
