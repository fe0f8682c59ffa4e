import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVERY_NETWORK, Targets } from './index.js'

const names: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['8.8.8.8'],
  'both.example': ['8.8.8.8', '10.0.0.1'],
  'camera.example': ['2001:db8::1', '192.168.1.20'],
  'six.example': ['2606:4700::1111', '8.8.4.4'],
}
const resolve = (host: string): Promise<readonly string[]> => Promise.resolve(names[host] ?? [])
const targets = (...allowed: string[]): Targets => new Targets({ allowed, option: '--pull-private', resolve })

test.each([
  '127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.1.20', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255',
  '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1',
  '127.1', '2130706433', 'both.example', 'camera.example', 'absent.example',
])('%s is refused without an option', async (host) => {
  await expect(targets().addressOf(host)).rejects.toMatchObject({ code: 'BAD_TARGET' })
}) // prettier-ignore

test('a name is answered with an address that was judged, of IPv4 where there is one', async () => {
  expect(await targets().addressOf('public.example')).toBe('8.8.8.8')
  expect(await targets().addressOf('six.example')).toBe('8.8.4.4')
  expect(await targets('192.168.0.0/16', '2001:db8::/32').addressOf('camera.example')).toBe('192.168.1.20')
})

test('an allowed network allows itself and nothing beside it', () => {
  const ipv4 = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255)))
  const plain = targets()
  fc.assert(
    fc.property(ipv4, fc.integer({ min: 1, max: 32 }), ipv4, (network, bits, address) => {
      const numberOf = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0)
      const size = 2 ** (32 - bits)
      const isInside = Math.floor(numberOf(network) / size) === Math.floor(numberOf(address) / size)
      const text = address.join('.')
      const allowed = targets(`${network.join('.')}/${String(bits)}`)
      expect(allowed.allows(text)).toBe(isInside || plain.allows(text))
      expect(allowed.allows(`::ffff:${text}`)).toBe(isInside)
    }),
  )
})

test('an allowed private network does not open the address of the cloud', () => {
  expect(targets('10.0.0.0/8', '192.168.0.0/16', '127.0.0.1').allows('169.254.169.254')).toBe(false)
  expect(targets('127.0.0.1').allows('127.0.0.2')).toBe(false)
  expect(targets(...EVERY_NETWORK).allows('169.254.169.254')).toBe(true)
})

test.each(['10.0.0.0/33', 'name', '10.0.0/8', '::1/129'])('%s is no network', (range) => {
  expect(() => targets(range)).toThrow('is no IP address or CIDR range')
})
