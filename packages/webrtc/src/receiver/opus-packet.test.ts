import { expect, test } from 'vitest'
import { hasOpusFec, isOpusDtx, opusChannels } from './opus-packet.js'

// Bits behind the TOC, per channel: voice activity of each SILK frame, then LBRR (RFC 6716 section 4.2.4).
test.each([
  { name: 'SILK 20 ms mono with LBRR', bytes: [0x48, 0b1100_0000], fec: true },
  { name: 'SILK 20 ms mono without', bytes: [0x48, 0b1000_0000], fec: false },
  { name: 'SILK 60 ms mono with LBRR', bytes: [0x58, 0b1111_0000], fec: true },
  { name: 'SILK 60 ms mono without', bytes: [0x58, 0b1110_0000], fec: false },
  { name: 'hybrid stereo, LBRR in the second channel', bytes: [0x7c, 0b1011_0000], fec: true },
  { name: 'hybrid stereo without', bytes: [0x7c, 0b1010_0000], fec: false },
  { name: 'CELT, which has none', bytes: [0xf8, 0xff], fec: false },
  { name: 'two frames', bytes: [0x49, 0xff], fec: false },
  { name: 'DTX', bytes: [0x48], fec: false },
])('$name: FEC is $fec', ({ bytes, fec }) => {
  expect(hasOpusFec(Uint8Array.from(bytes))).toBe(fec)
})

test('DTX is a packet of one or two bytes; the TOC tells the channels', () => {
  expect([1, 2, 3].map((length) => isOpusDtx(new Uint8Array(length)))).toEqual([true, true, false])
  expect([0x78, 0x7c].map((toc) => opusChannels(Uint8Array.of(toc)))).toEqual([1, 2])
})
