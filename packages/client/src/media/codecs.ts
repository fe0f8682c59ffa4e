/** What of a codec its place depends on; a part of the browser's RTCRtpCodec. */
export interface OfferedCodec {
  readonly mimeType: string
  readonly sdpFmtpLine?: string
}

/**
 * H.264 first, for phones play it as it is and everything else has to be converted for them; of H.264 the packetization
 * mode that can split a picture over packets (RFC 6184 section 5.4) first. The order is kept otherwise.
 */
export function preferH264<T extends OfferedCodec>(codecs: readonly T[]): T[] {
  return [...codecs].sort((a, b) => placeOf(a) - placeOf(b))
}

function placeOf({ mimeType, sdpFmtpLine }: OfferedCodec): number {
  if (mimeType.toLowerCase() !== 'video/h264') return 2
  return /\bpacketization-mode=1\b/.test(sdpFmtpLine ?? '') ? 0 : 1
}
