import type { NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { loadConfig } from '../config/index.js'
import { protocols } from '../endpoints/index.js'
import { addressesOf, localHost } from './addresses.js'

const SECRET = '0123456789abcdef0123456789abcdef'

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo =>
  ({ address, internal, family: 'IPv4', netmask: '255.255.255.0', mac: '00:00:00:00:00:00', cidr: null }) as const

const HOME = { lo: [ipv4('127.0.0.1', true)], docker0: [ipv4('172.17.0.1')], wlan0: [ipv4('192.168.1.5')] }
const CLOUD = { ...HOME, eth0: [ipv4('10.0.0.5')], eth1: [ipv4('8.8.4.4')] }

test.each([
  ['this machine', {}, HOME, 'http://localhost:8080', 'rtmp://localhost:1935'],
  ['the machine in its Wi-Fi', { secret: SECRET }, HOME, 'http://192.168.1.5:8080', 'rtmp://192.168.1.5:1935'],
  ['the public address', { secret: SECRET }, CLOUD, 'http://8.8.4.4:8080', 'rtmp://8.8.4.4:1935'],
  ['what WebRTC is told', { secret: SECRET, rtcAddress: '203.0.113.7:30000' }, CLOUD, 'http://203.0.113.7:8080', 'rtmp://203.0.113.7:1935'], // prettier-ignore
  ['TLS for pages', { secret: SECRET, tls: 'self-signed' }, HOME, 'https://192.168.1.5:8443', 'rtmp://192.168.1.5:1935'], // prettier-ignore
  ['an own --host', { secret: SECRET, host: '2001:db8::1' }, HOME, 'http://[2001:db8::1]:8080', 'rtmp://[2001:db8::1]:1935'], // prettier-ignore
  ['a proxy', { secret: SECRET, publicUrl: 'https://a.example', publicRtmpUrl: 'rtmp://b.example' }, HOME, 'https://a.example', 'rtmp://b.example'], // prettier-ignore
  ['no network at all', { secret: SECRET }, { lo: HOME.lo }, 'http://127.0.0.1:8080', 'rtmp://127.0.0.1:1935'],
])('others are told %s', (_name, flags, interfaces, web, rtmp) => {
  const config = loadConfig({ flags, environment: {} }, protocols)
  expect(addressesOf(config, undefined, interfaces)).toMatchObject({ web, rtmp })
})

test.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
  ['::1', '[::1]'],
  ['localhost', '127.0.0.1'],
  ['192.168.1.5', '192.168.1.5'],
  ['fd00::1', '[fd00::1]'],
])('a program on this machine reaches a server on %s by %s', (host, local) => {
  expect(localHost(host)).toBe(local)
})
