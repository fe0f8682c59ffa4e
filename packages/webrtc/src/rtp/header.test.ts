import { expect, test } from 'vitest'
import { isRtcp, parseRtpHeader, rtpPayload } from './header.js'
import { handmadePackets } from './rtp.cases.js'
import { buildRtpPacket, bytesFromHex, someHeader } from './rtp.fake.js'

test.each(handmadePackets)('$name: valid is $valid', ({ hex, valid }) => {
  expect(parseRtpHeader(bytesFromHex(hex)) !== undefined).toBe(valid)
})

test('a written header is read back', () => {
  const payload = Uint8Array.of(1, 2, 3)
  const packet = buildRtpPacket(someHeader, payload)
  const header = parseRtpHeader(packet)!
  expect(header).toMatchObject(someHeader)
  expect(rtpPayload(packet, header)).toEqual(payload)
})

test('padding is not payload', () => {
  const packet = bytesFromHex('a0 60 0001 00000002 00000003 aabb 0002')
  const header = parseRtpHeader(packet)!
  expect([...rtpPayload(packet, header)]).toEqual([0xaa, 0xbb])
})

test('one header object serves packet after packet', () => {
  const first = bytesFromHex('90 60 0001 00000002 00000003 bede0001 40300000')
  const header = parseRtpHeader(first)!
  const second = bytesFromHex('80 e1 0001 00000002 00000003')
  expect(parseRtpHeader(second, header)).toBe(header)
  expect(header).toMatchObject({ marker: true, payloadType: 0x61, extensionProfile: 0, extensionLength: 0 })
})

test.each([
  { name: 'sender report', bytes: [0x80, 200, 0, 6], rtcp: true },
  { name: 'feedback', bytes: [0x8f, 206, 0, 6], rtcp: true },
  { name: 'RTP with payload type 96 and marker', bytes: [0x80, 0x80 | 96, 0, 6], rtcp: false },
  { name: 'RTP with payload type 0', bytes: [0x80, 0, 0, 6], rtcp: false },
  { name: 'DTLS', bytes: [22, 254, 253, 0], rtcp: false },
])('$name: RTCP is $rtcp', ({ bytes, rtcp }) => {
  expect(isRtcp(Uint8Array.from(bytes))).toBe(rtcp)
})
