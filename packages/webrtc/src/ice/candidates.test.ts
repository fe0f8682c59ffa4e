import { expect, test } from 'vitest'
import { formatCandidate, hostCandidates } from './candidates.js'
import { announceableAddresses } from './interfaces.js'

test('candidates: UDP before TCP, in the order given, with the priorities of RFC 8445 and RFC 6544', () => {
  const candidates = hostCandidates([
    { ip: '192.0.2.1', udpPort: 8000, tcpPort: 8000 },
    { ip: '2001:db8::1', udpPort: 8000 },
  ])
  expect(candidates.map(formatCandidate)).toEqual([
    'u0 1 udp 2130706431 192.0.2.1 8000 typ host',
    'u1 1 udp 2130706175 2001:db8::1 8000 typ host',
    't0 1 tcp 2124414975 192.0.2.1 8000 typ host tcptype passive',
  ])
})

test('unreachable addresses are not announced to browsers', () => {
  const addresses = [
    { name: 'lo', address: '127.0.0.1', internal: true },
    { name: 'eth0', address: '2001:db8::5', internal: false },
    { name: 'eth0', address: 'fe80::1', internal: false },
    { name: 'eth0', address: '10.0.0.5', internal: false },
    { name: 'docker0', address: '172.17.0.1', internal: false },
    { name: 'br-12ab', address: '172.18.0.1', internal: false },
    { name: 'veth3', address: '169.254.3.4', internal: false },
    { name: 'wlan0', address: '169.254.9.9', internal: false },
  ]
  expect(announceableAddresses(addresses)).toEqual(['10.0.0.5', '2001:db8::5'])
})

test('a machine with loopback alone announces loopback', () => {
  expect(announceableAddresses([{ name: 'lo', address: '127.0.0.1', internal: true }])).toEqual(['127.0.0.1'])
})
