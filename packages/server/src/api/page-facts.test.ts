import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { addressesAt } from './addresses.fake.js'
import { lanAddressOf, reachOf } from './page-facts.js'

const address = (address: string, internal = false) => ({
  address,
  internal,
  family: 'IPv4' as const,
  netmask: '255.255.255.0',
  mac: '00:00:00:00:00:00',
  cidr: null,
})
const machine = {
  lo: [address('127.0.0.1', true)],
  docker0: [address('172.17.0.1')],
  'br-12ab': [address('172.18.0.1')],
  eth0: [address('169.254.7.7'), address('192.168.1.5')],
}

test('the address of the machine is no container’s and no loopback’s', () => {
  expect(lanAddressOf(machine)).toBe('192.168.1.5')
  expect(lanAddressOf({ lo: machine.lo, docker0: machine.docker0 })).toBeUndefined()
})

const asked = (host: string) => ({ headers: { host }, socket: {} }) as unknown as IncomingMessage
const deps = (more: object = {}) => ({
  ...addressesAt(1935),
  host: '0.0.0.0',
  ports: () => ({ http: 8080 }),
  ...more,
})

test.each([
  ['localhost:8080', {}, { origin: 'http://192.168.1.5:8080', rtmp: 'rtmp://192.168.1.5' }],
  ['127.0.0.1:8080', addressesAt(1936), { origin: 'http://192.168.1.5:8080', rtmp: 'rtmp://192.168.1.5:1936' }],
  [
    '[::1]:8080',
    { ports: () => ({ http: 8080, https: 8443 }) },
    { origin: 'https://192.168.1.5:8443', rtmp: 'rtmp://192.168.1.5' },
  ],
  ['localhost:8080', { host: '127.0.0.1' }, { origin: null, rtmp: null }],
  [
    'localhost:8080',
    { publicUrl: 'https://call.example' },
    { origin: 'https://call.example', rtmp: 'rtmp://call.example' },
  ],
  ['192.168.1.9:8080', {}, { origin: 'http://192.168.1.9:8080', rtmp: 'rtmp://192.168.1.9' }],
])('a page opened at %s of a server with %o invites to %o', (host, more, wanted) => {
  expect(reachOf(asked(host), deps(more), machine)).toEqual(wanted)
})

test('a machine without a network says so', () => {
  expect(reachOf(asked('localhost'), deps(), { lo: machine.lo })).toEqual({ origin: null, rtmp: null })
})
