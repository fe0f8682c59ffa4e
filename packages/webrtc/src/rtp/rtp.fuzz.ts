import { elementLength, elementOffset, findHeaderExtension, parseHeaderExtensions } from './extensions.js'
import { createRtpHeader, parseRtpHeader, rtpPayload } from './header.js'
import { restoreFromRtx, writeRtx } from './rtx.js'
import { handmadePackets } from './rtp.cases.js'
import { buildRtpPacket, bytesFromHex, chromeExtensionIds, everyExtension, someHeader } from './rtp.fake.js'

const header = createRtpHeader()
const restoredHeader = createRtpHeader()

function run(input: Uint8Array): void {
  if (parseRtpHeader(input, header) === undefined) return
  if (header.payloadOffset + header.payloadLength + header.paddingLength !== input.length) throw new Error('lengths')
  rtpPayload(input, header)
  parseHeaderExtensions(input, header, chromeExtensionIds)
  for (let id = 1; id < 16; id++) {
    const place = findHeaderExtension(input, header, id)
    if (elementOffset(place) + elementLength(place) > header.payloadOffset) throw new Error('element outside the block')
  }
  const resent = new Uint8Array(input.length + 2)
  writeRtx(input, header, { ssrc: 1, payloadType: 97, sequenceNumber: 1 }, resent, 0)
  const restored = restoreFromRtx(resent, parseRtpHeader(resent, restoredHeader)!, header.ssrc, header.payloadType)!
  for (let index = 0; index < input.length; index++) {
    if (restored[index] !== input[index]) throw new Error('RTX does not restore the original')
  }
}

export const fuzzTargets = [
  {
    name: 'rtp',
    seeds: (): Uint8Array[] => [
      ...handmadePackets.map((packet) => bytesFromHex(packet.hex)),
      buildRtpPacket(someHeader, Uint8Array.of(1, 2, 3), everyExtension, chromeExtensionIds),
    ],
    run,
  },
]
