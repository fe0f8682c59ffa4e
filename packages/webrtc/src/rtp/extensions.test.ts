import { expect, test } from 'vitest'
import {
  absSendTimeFromMicros,
  byteLengthOfHeaderExtensions,
  microsFromAbsSendTime,
  parseHeaderExtensions,
  readTransportSequence,
} from './extensions.js'
import { parseRtpHeader } from './header.js'
import { buildRtpPacket, bytesFromHex, chromeExtensionIds, everyExtension, someHeader } from './rtp.fake.js'

const payload = Uint8Array.of(9)

function roundTrip(values: typeof everyExtension, ids: typeof chromeExtensionIds) {
  const packet = buildRtpPacket(someHeader, payload, values, ids)
  return parseHeaderExtensions(packet, parseRtpHeader(packet)!, ids)
}

test('every extension is read back from one-byte elements', () => {
  const values = roundTrip(everyExtension, chromeExtensionIds)
  expect(values).toEqual({ ...everyExtension, absSendTime: values.absSendTime })
  expect(Math.abs(values.absSendTime! - everyExtension.absSendTime!)).toBeLessThanOrEqual(4)
})

test('an id above 14 or a long mid turns the block into two-byte elements', () => {
  const ids = { ...chromeExtensionIds, transportSequence: 200 }
  expect(roundTrip({ transportSequence: 7, mid: 'a' }, ids)).toEqual({ transportSequence: 7, mid: 'a' })
  const mid = 'seventeen-letters'
  expect(roundTrip({ mid }, chromeExtensionIds)).toEqual({ mid })
})

test('extensions that were not negotiated are neither written nor read', () => {
  expect(byteLengthOfHeaderExtensions(everyExtension, {})).toBe(0)
  const packet = buildRtpPacket(someHeader, payload, everyExtension, chromeExtensionIds)
  expect(parseHeaderExtensions(packet, parseRtpHeader(packet)!, { mid: 4 })).toEqual({ mid: '0' })
})

test('the transport-wide sequence number is found behind other elements and padding', () => {
  const packet = bytesFromHex('90 60 0001 00000002 00000003 bede0002 40 30 00 31 0102 0000 aa')
  const header = parseRtpHeader(packet)!
  expect(readTransportSequence(packet, header, 3)).toBe(0x0102)
  expect(readTransportSequence(packet, header, 5)).toBe(-1)
  expect(readTransportSequence(packet, header, undefined)).toBe(-1)
})

test.each([
  { name: 'an element past the end of the block', hex: '90 60 0001 00000002 00000003 bede0001 00 00 00 31 aabb' },
  {
    name: 'the reserved id 15, which ends the list',
    hex: '90 60 0001 00000002 00000003 bede0002 f0 00 31 01 02 00 00 00',
  },
  { name: 'an unknown profile', hex: '90 60 0001 00000002 00000003 abcd0001 31 01 02 00' },
])('$name is passed over', ({ hex }) => {
  const packet = bytesFromHex(hex)
  expect(parseHeaderExtensions(packet, parseRtpHeader(packet)!, { transportSequence: 3 })).toEqual({})
})

test('a mid with control characters is not taken', () => {
  const packet = bytesFromHex('90 60 0001 00000002 00000003 bede0001 41 30 07 00')
  expect(parseHeaderExtensions(packet, parseRtpHeader(packet)!, { mid: 4 })).toEqual({})
})

test('abs-send-time wraps every 64 seconds and keeps 4 µs', () => {
  for (const time of [0, 1, 63_999_990, 64_000_000, 1_000_000_123]) {
    const read = microsFromAbsSendTime(absSendTimeFromMicros(time))
    const error = (((read - time) % 64_000_000) + 96_000_000) % 64_000_000
    expect(Math.abs(error - 32_000_000)).toBeLessThanOrEqual(4)
  }
})

test('a playout delay out of range is held at the bounds', () => {
  expect(roundTrip({ playoutDelay: { min: -5, max: 100_000_000 } }, chromeExtensionIds).playoutDelay).toEqual({
    min: 0,
    max: 40_950_000,
  })
})
