import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesFromHex } from '../rtp/rtp.fake.js'
import { buildCompound, byteLengthOfRtcp, parseCompound, writeRtcp, type RtcpPacket } from './compound.js'
import { MAX_NACK_ITEMS, type Nack } from './nack.js'
import type { ReceiverEstimate } from './remb.js'
import { rtcpPackets } from './rtcp.cases.js'
import { isDeltaWritable, MAX_FEEDBACK_PACKETS, NOT_RECEIVED, type TransportFeedback } from './transport-feedback.js'

test.each(rtcpPackets)('$name is read back as written', ({ packet }) => {
  const length = byteLengthOfRtcp(packet)
  expect(length % 4).toBe(0)
  const bytes = new Uint8Array(length + 8).fill(0xee)
  expect(writeRtcp(packet, bytes, 4)).toBe(4 + length)
  expect([...bytes.subarray(0, 4), ...bytes.subarray(4 + length)]).toEqual(Array(8).fill(0xee))
  expect(parseCompound(bytes.subarray(4, 4 + length))).toEqual([packet])
})

test('a compound of every kind is read in order', () => {
  const packets = rtcpPackets.map((entry) => entry.packet)
  expect(parseCompound(buildCompound(packets))).toEqual(packets)
})

test('types we do not use and malformed bodies are passed over, not fatal', () => {
  const pli = buildCompound([{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }])
  const bytes = Uint8Array.from([
    ...bytesFromHex('80 cf 0001 00000001'), // XR without blocks
    ...bytesFromHex('81 ce 0001 00000001'), // PLI without media SSRC
    ...pli,
  ])
  expect(parseCompound(bytes)).toEqual([
    { type: 'unused', packetType: 207, format: 0 },
    { type: 'unused', packetType: 206, format: 1 },
    { type: 'pli', senderSsrc: 1, mediaSsrc: 2 },
  ])
})

test.each([
  { name: 'nothing', hex: '' },
  { name: 'a length past the end', hex: '80 c9 0002 00000001' },
  { name: 'a wrong version', hex: '40 c9 0001 00000001' },
  { name: 'a tail of three bytes', hex: '80 c9 0001 00000001 80 c9 00' },
  { name: 'padding longer than the packet', hex: 'a0 c9 0001 00000009' },
])('$name makes the whole compound void', ({ hex }) => {
  expect(parseCompound(bytesFromHex(hex))).toBeUndefined()
})

test('padding is cut from the last packet', () => {
  const bytes = bytesFromHex('a0 c9 0002 00000001 00000004')
  expect(parseCompound(bytes)).toEqual([{ type: 'receiver-report', ssrc: 1, reports: [] }])
})

// Laid out by hand from draft-holmer section 3.1: a run of 2 small deltas, then a vector of 7 two-bit symbols.
test('a hand-made transport feedback is understood', () => {
  const bytes = bytesFromHex('af cd 0007 00000001 00000002 0005 0009 000003 07 2002 e400 04 08 0400 ff 000003')
  const [feedback] = parseCompound(bytes) as [TransportFeedback]
  expect(feedback).toMatchObject({ baseSequence: 5, referenceTime: 3, feedbackCount: 7 })
  const lost = Array<number>(5).fill(NOT_RECEIVED)
  expect([...feedback.arrivals]).toEqual([4, 12, 12 + 0x400, 12 + 0x400 + 0xff, ...lost])
})

test('W8: a NACK of 2^14 items names only so many packets', () => {
  const flood = new Uint8Array(12 + 4 * 0x3ff0).fill(0xff)
  flood.set(bytesFromHex('81 cd 3ff2 00000001 00000002'))
  const [nack] = parseCompound(flood) as [Nack]
  expect(nack.sequenceNumbers).toHaveLength(17 * MAX_NACK_ITEMS)
})

test('W8: a feedback that declares 65535 packets in a few bytes allocates nothing', () => {
  const chunks = '1fff'.repeat(8)
  const bytes = bytesFromHex(`8f cd 0008 00000001 00000002 0000 ffff 000000 00 ${chunks}`)
  expect(parseCompound(bytes)).toEqual([{ type: 'unused', packetType: 205, format: 15 }])
  expect(MAX_FEEDBACK_PACKETS).toBeLessThan(0xffff)
})

const arrivals = fc
  .array(fc.option(fc.integer({ min: -300, max: 3000 }), { nil: undefined, freq: 3 }), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let ticks = 0
    return Int32Array.from(steps, (step) => (step === undefined ? NOT_RECEIVED : (ticks += step)))
  })

test('any arrivals survive the chunks and deltas', () => {
  fc.assert(
    fc.property(arrivals, (ticks) => {
      const packet: RtcpPacket = {
        type: 'transport-feedback',
        senderSsrc: 1,
        mediaSsrc: 2,
        baseSequence: 3,
        feedbackCount: 4,
        referenceTime: 5,
        arrivals: ticks,
      }
      expect(parseCompound(buildCompound([packet]))).toEqual([packet])
    }),
  )
})

test('REMB keeps 18 significant bits', () => {
  for (const bitrate of [0, 1, 30_000, 2_500_001, 999_999_999]) {
    const [remb] = parseCompound(buildCompound([{ type: 'remb', senderSsrc: 1, bitrate, ssrcs: [] }])) as [
      ReceiverEstimate,
    ]
    expect(remb.bitrate).toBeLessThanOrEqual(bitrate)
    expect(remb.bitrate).toBeGreaterThanOrEqual(bitrate * (1 - 2 ** -17))
  }
})

test('deltas that need more than 16 bits are announced as not writable', () => {
  expect(isDeltaWritable(0, 32_767)).toBe(true)
  expect(isDeltaWritable(0, 32_768)).toBe(false)
  expect(isDeltaWritable(0, -32_769)).toBe(false)
})
