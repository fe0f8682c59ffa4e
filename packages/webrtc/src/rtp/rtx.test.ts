import { expect, test } from 'vitest'
import { parseRtpHeader } from './header.js'
import { buildRtpPacket, chromeExtensionIds, everyExtension, someHeader } from './rtp.fake.js'
import { restoreFromRtx, RTX_OSN_LENGTH, writeRtx } from './rtx.js'

const rtx = { ssrc: 0x1111_2222, payloadType: 97, sequenceNumber: 5 }

test('a retransmission is restored to the original, extensions included', () => {
  const original = buildRtpPacket(someHeader, Uint8Array.of(1, 2, 3), everyExtension, chromeExtensionIds)
  const resent = new Uint8Array(original.length + RTX_OSN_LENGTH)
  expect(writeRtx(original, parseRtpHeader(original)!, rtx, resent, 0)).toBe(resent.length)
  const header = parseRtpHeader(resent)!
  expect(header).toMatchObject({ ssrc: rtx.ssrc, payloadType: 97, sequenceNumber: 5, marker: true })
  expect(restoreFromRtx(resent, header, someHeader.ssrc, someHeader.payloadType)).toEqual(original)
})

test('a padding probe on the RTX stream restores nothing', () => {
  const probe = buildRtpPacket({ ...someHeader, ...rtx }, new Uint8Array(0))
  expect(restoreFromRtx(probe, parseRtpHeader(probe)!, 1, 96)).toBeUndefined()
})
