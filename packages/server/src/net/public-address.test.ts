import { expect, test } from 'vitest'
import { isPublicAddress } from './public-address.js'

test('public addresses are told from all others', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450::1'])
    expect(isPublicAddress(address)).toBe(true)
  for (const address of ['', 'x', '127.0.0.1', '::ffff:8.8.8.8', '3fff::1', 'fe80::1%eth0'])
    expect(isPublicAddress(address)).toBe(false)
})
