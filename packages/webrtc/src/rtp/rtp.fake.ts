import { writeHeaderExtensions, type HeaderExtensionIds, type HeaderExtensions } from './extensions.js'
import { byteLengthOfHeaderExtensions } from './extensions.js'
import { RTP_FIXED_HEADER_LENGTH, writeRtpHeader, type RtpHeaderFields } from './header.js'

export const chromeExtensionIds: HeaderExtensionIds = {
  audioLevel: 1,
  absSendTime: 2,
  transportSequence: 3,
  mid: 4,
  playoutDelay: 5,
  videoOrientation: 6,
  absCaptureTime: 7,
  rid: 10,
  repairedRid: 11,
}

export const everyExtension: HeaderExtensions = {
  mid: '0',
  rid: 'hi',
  repairedRid: 'hi',
  absSendTime: 12_345_676,
  transportSequence: 0xfffe,
  playoutDelay: { min: 0, max: 400_000 },
  absCaptureTime: { seconds: 0xe8a1_2345, fraction: 0x8000_0000 },
  videoOrientation: 90,
  audioLevel: 33,
  voiceActivity: true,
}

export const someHeader: RtpHeaderFields = {
  marker: true,
  payloadType: 96,
  sequenceNumber: 0xfffe,
  timestamp: 0xffff_fff0,
  ssrc: 0x8765_4321,
}

/** A whole packet from its parts, for tests. */
export function buildRtpPacket(
  header: RtpHeaderFields,
  payload: Uint8Array,
  extensions: HeaderExtensions = {},
  ids: HeaderExtensionIds = {},
): Uint8Array {
  const extensionLength = byteLengthOfHeaderExtensions(extensions, ids)
  const packet = new Uint8Array(RTP_FIXED_HEADER_LENGTH + extensionLength + payload.length)
  const extensionOffset = writeRtpHeader({ ...header, hasExtension: extensionLength > 0 }, packet, 0)
  packet.set(payload, writeHeaderExtensions(extensions, ids, packet, extensionOffset))
  return packet
}

export function bytesFromHex(hex: string): Uint8Array {
  const digits = hex.replaceAll(/\s/g, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
}
