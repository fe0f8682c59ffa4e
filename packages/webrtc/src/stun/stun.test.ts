import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIp, parseIp } from './address.js'
import { crc32 } from './crc32.js'
import { hasValidIntegrity, isStun, MAX_STUN_BYTES, parseStun, readLocalFragment } from './parse.js'
import { rfc5769 } from './stun.cases.js'
import { bytesFromHex } from '../rtp/rtp.fake.js'
import { asciiBytes, byteLengthOfStun, encodeStun, writeStun, type StunDraft } from './write.js'

const hmacSha1 = (key: Uint8Array, data: Uint8Array): Uint8Array => createHmac('sha1', key).update(data).digest()
const password = asciiBytes(rfc5769.password)
const transactionId = bytesFromHex('b7e7a701bc34d686fa87dfae')

/** Puts a correct FINGERPRINT at the end again after a test has changed bytes before it. */
function withFingerprint(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice()
  const value = (crc32(out, 0, out.length - 8) ^ 0x5354554e) >>> 0
  new DataView(out.buffer).setUint32(out.length - 4, value)
  return out
}

test('crc32 has the check value of the catalogues', () => {
  expect(crc32(asciiBytes('123456789'))).toBe(0xcbf43926)
})

test('the request of RFC 5769 section 2.1 is read and its integrity holds', () => {
  const message = parseStun(rfc5769.request)!
  expect(message).toMatchObject({ class: 'request', username: 'evtj:h6vY', priority: 0x6e0001ff, role: 'controlled' })
  expect(message.useCandidate).toBe(false)
  expect(message.unknownAttributes).toEqual([])
  expect(message.transactionId).toEqual(transactionId)
  expect(hasValidIntegrity(message, password, hmacSha1)).toBe(true)
  expect(hasValidIntegrity(message, asciiBytes('VOkJxbRl1RmTxUk/WvJxBT'), hmacSha1)).toBe(false)
  expect(readLocalFragment(rfc5769.request)).toBe('evtj')
})

test('the responses of RFC 5769 sections 2.2 and 2.3 carry the mapped address', () => {
  const ipv4 = parseStun(rfc5769.ipv4Response)!
  expect(ipv4).toMatchObject({ class: 'success', mappedAddress: { ip: '192.0.2.1', port: 32853 } })
  const ipv6 = parseStun(rfc5769.ipv6Response)!
  expect(ipv6.mappedAddress).toEqual({ ip: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 })
  for (const message of [ipv4, ipv6]) expect(hasValidIntegrity(message, password, hmacSha1)).toBe(true)
})

test('written data is read back, and its length is known before', () => {
  const roles = fc.option(fc.constantFrom('controlling' as const, 'controlled' as const), { nil: undefined })
  fc.assert(
    fc.property(
      fc.constantFrom('request' as const, 'indication' as const, 'success' as const, 'error' as const),
      fc.option(fc.stringMatching(/^[a-zA-Z0-9+/]{4,32}:[a-zA-Z0-9+/]{4,256}$/), { nil: undefined }),
      fc.option(fc.nat(0xffffffff), { nil: undefined }),
      roles,
      fc.boolean(),
      fc.option(fc.oneof(fc.ipV4(), fc.constant('2001:db8:0:0:0:0:0:1')), { nil: undefined }),
      fc.nat(0xffff),
      fc.nat(7),
      (kind, username, priority, is, useCandidate, ip, port, offset) => {
        const draft: StunDraft = {
          class: kind,
          transactionId,
          useCandidate,
          integrityKey: password,
          ...(username !== undefined && { username }),
          ...(priority !== undefined && { priority }),
          ...(is !== undefined && { role: { is, tieBreaker: new Uint8Array(8).fill(7) } }),
          ...(ip !== undefined && { mappedAddress: { ip, port } }),
        }
        const out = new Uint8Array(offset + byteLengthOfStun(draft))
        expect(writeStun(draft, out, offset, hmacSha1)).toBe(out.length)
        const message = parseStun(out.subarray(offset))!
        expect(message).toMatchObject({ class: kind, useCandidate, unknownAttributes: [] })
        expect([message.username, message.priority, message.role]).toEqual([username, priority, is])
        expect(message.mappedAddress).toEqual(ip === undefined ? undefined : { ip, port })
        expect(hasValidIntegrity(message, password, hmacSha1)).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('an error response names its code and the attributes that were not understood', () => {
  const error = { code: 420, reason: 'Unknown Attribute' }
  const bytes = encodeStun({ class: 'error', transactionId, error, unknownAttributes: [0x7777] }, hmacSha1)
  expect(parseStun(bytes)).toMatchObject({ class: 'error', errorCode: 420 })
})

test('one changed bit anywhere is noticed by fingerprint or integrity', () => {
  for (let bit = 0; bit < rfc5769.request.length * 8; bit++) {
    const bytes = rfc5769.request.slice()
    bytes[bit >>> 3]! ^= 1 << (bit & 7)
    expect(parseStun(bytes)).toBeUndefined()
    const message = parseStun(withFingerprint(bytes))
    // The fingerprint itself was the changed part when making it again repairs the message.
    const isProtected = bit >>> 3 < bytes.length - 8
    if (isProtected && message !== undefined) expect(hasValidIntegrity(message, password, hmacSha1)).toBe(false)
  }
})

test('W1: a message without FINGERPRINT, or with anything after it, is nothing', () => {
  const bare = rfc5769.request.slice(0, -8)
  bare[3] = bare.length - 20
  expect(parseStun(bare)).toBeUndefined()
  const longer = new Uint8Array(rfc5769.request.length + 4)
  longer.set(rfc5769.request)
  expect(parseStun(longer)).toBeUndefined()
  expect(parseStun(rfc5769.request.subarray(0, 19))).toBeUndefined()
})

test('an unprotected attribute after MESSAGE-INTEGRITY is ignored', () => {
  const body = rfc5769.request.slice(0, -8)
  const bytes = new Uint8Array(body.length + 4 + 8)
  bytes.set(body)
  bytes.set([0x00, 0x25, 0x00, 0x00], body.length)
  bytes.set([0x80, 0x28, 0x00, 0x04], body.length + 4)
  bytes[3] = bytes.length - 20
  const message = parseStun(withFingerprint(bytes))!
  expect(message.useCandidate).toBe(false)
  expect(hasValidIntegrity(message, password, hmacSha1)).toBe(true)
})

test('an attribute that must be understood and is not is reported', () => {
  const bytes = rfc5769.request.slice()
  bytes.set([0x77, 0x77], 20)
  expect(parseStun(withFingerprint(bytes))!.unknownAttributes).toEqual([0x7777])
})

test('false lengths, other methods and oversized messages are ignored', () => {
  const lying = rfc5769.request.slice()
  lying[23] = 0xff
  expect(parseStun(withFingerprint(lying))).toBeUndefined()
  const allocate = rfc5769.request.slice()
  allocate[1] = 0x03
  expect(parseStun(withFingerprint(allocate))).toBeUndefined()
  const huge = new Uint8Array(MAX_STUN_BYTES + 4)
  huge.set(rfc5769.request.subarray(0, 20))
  expect(isStun(huge)).toBe(true)
  expect(parseStun(huge)).toBeUndefined()
  expect(readLocalFragment(huge)).toBeUndefined()
})

test('IP addresses are read in every spelling and written in one', () => {
  expect(formatIp(parseIp('192.0.2.1')!)).toBe('192.0.2.1')
  expect(formatIp(parseIp('::ffff:192.0.2.1')!)).toBe('192.0.2.1')
  expect(formatIp(parseIp('2001:DB8::1')!)).toBe('2001:db8:0:0:0:0:0:1')
  expect(formatIp(parseIp('::')!)).toBe('0:0:0:0:0:0:0:0')
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '::1::',
    '1:2:3',
    'fe80::1%eth0',
    'host.example',
    '12345::',
  ]) {
    expect(parseIp(text), text).toBeUndefined()
  }
})
