/** The payload type that an offer gives Opus. */
function opusIn(sdp: string): string | undefined {
  return /^a=rtpmap:(\d+) opus\/48000\/2/im.exec(sdp)?.[1]
}

/** Browsers play Opus in mono unless the offer asks for stereo (RFC 7587 section 7.1). */
export function withStereo(sdp: string): string {
  const payloadType = opusIn(sdp)
  if (payloadType === undefined || /^a=fmtp:.*\bstereo=1/im.test(sdp)) return sdp
  return sdp.replace(new RegExp(`^(a=fmtp:${payloadType} [^\\r\\n]*)`, 'm'), '$1;stereo=1')
}

/**
 * Lost packets of sound may be asked for again (RFC 4585 section 6.2.1). Chromium does it when both sides say so, but
 * offers it for video only.
 */
export function withOpusNack(sdp: string): string {
  const payloadType = opusIn(sdp)
  if (payloadType === undefined || new RegExp(`^a=rtcp-fb:${payloadType} nack\\r?$`, 'm').test(sdp)) return sdp
  return sdp.replace(
    new RegExp(`^(a=rtpmap:${payloadType} [^\\r\\n]*)(\\r?\\n)`, 'm'),
    `$1$2a=rtcp-fb:${payloadType} nack$2`,
  )
}
