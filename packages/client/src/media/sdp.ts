/** Whose description it is: the same in all that one PeerConnection of the other side writes (RFC 8866 section 5.2). */
export function sessionIdOf(sdp: string): string | undefined {
  return /^o=\S+ (\d+)/m.exec(sdp)?.[1]
}

/** The payload types that an SDP gives Opus, one in every m-line of sound and usually the same in all. */
function opusIn(sdp: string): Set<string> {
  return new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2/gim)].map(([, payloadType]) => payloadType!))
}

/** Browsers play Opus in mono unless their description asks for stereo (RFC 7587 section 7.1). */
export function withStereo(sdp: string): string {
  let result = sdp
  for (const payloadType of opusIn(sdp)) {
    const formats = new RegExp(`^a=fmtp:${payloadType} (?!.*\\bstereo=1)[^\\r\\n]*`, 'gm')
    result = result.replace(formats, (line) => `${line};stereo=1`)
  }
  return result
}

/**
 * Lost packets of sound may be asked for again (RFC 4585 section 6.2.1). Chromium does it when both sides say so, but says
 * it for video only.
 */
export function withOpusNack(sdp: string): string {
  let result = sdp
  for (const payloadType of opusIn(sdp)) {
    const feedback = `a=rtcp-fb:${payloadType} nack`
    const maps = new RegExp(`^(a=rtpmap:${payloadType} [^\\r\\n]*)(\\r?\\n)(?!${feedback}\\r?\\n)`, 'gm')
    result = result.replace(maps, `$1$2${feedback}$2`)
  }
  return result
}

/** Whether the other side's description lets lost packets of Opus be asked for again. */
export function allowsOpusNack(sdp: string): boolean {
  return [...opusIn(sdp)].some((payloadType) => new RegExp(`^a=rtcp-fb:${payloadType} nack\\r?$`, 'm').test(sdp))
}
