import { HEADER_EXTENSION_URIS, type CertificateFingerprint, type IceCredentials } from '@crossroom/webrtc'

export interface PeerOffer {
  readonly direction: 'recvonly' | 'sendonly'
  readonly kinds: readonly ('audio' | 'video')[]
  readonly ice: IceCredentials
  readonly fingerprint: CertificateFingerprint
  /** Default true. */
  readonly rtx?: boolean
  /** SSRCs of the sent media, by kind. */
  readonly ssrcs?: Readonly<Partial<Record<'audio' | 'video', number>>>
}

/** The payload types of every test peer. */
export const PEER_PAYLOAD_TYPES = { opus: 111, h264: 102, h264Rtx: 103, vp8: 96, vp8Rtx: 97 } as const

const FEEDBACK = ['transport-cc', 'ccm fir', 'nack', 'nack pli']

/** An offer as a small browser would write it: one codec for sound, H.264 and VP8 for video. */
export function writePeerOffer(offer: PeerOffer): string {
  const mids = offer.kinds.map((_, index) => index)
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids.join(' ')}`]
  for (const [mid, kind] of offer.kinds.entries()) lines.push(...mediaLines(offer, kind, mid))
  return lines.map((line) => `${line}\r\n`).join('')
}

function mediaLines(offer: PeerOffer, kind: 'audio' | 'video', mid: number): string[] {
  const ssrc = offer.ssrcs?.[kind]
  return [
    ...(kind === 'audio' ? audioCodecs() : videoCodecs(offer.rtx ?? true)),
    `a=${offer.direction}`,
    `a=mid:${mid}`,
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${offer.ice.usernameFragment}`,
    `a=ice-pwd:${offer.ice.password}`,
    `a=fingerprint:${offer.fingerprint.algorithm} ${offer.fingerprint.value}`,
    'a=setup:actpass',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    `a=extmap:1 ${HEADER_EXTENSION_URIS.mid}`,
    `a=extmap:2 ${HEADER_EXTENSION_URIS.transportSequence}`,
    ...(ssrc === undefined ? [] : [`a=ssrc:${ssrc} cname:test-peer`]),
  ]
}

function audioCodecs(): string[] {
  const { opus } = PEER_PAYLOAD_TYPES
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${opus}`,
    `a=rtpmap:${opus} opus/48000/2`,
    `a=fmtp:${opus} minptime=10;useinbandfec=1`,
    `a=rtcp-fb:${opus} transport-cc`,
  ]
}

function videoCodecs(withRtx: boolean): string[] {
  const { h264, h264Rtx, vp8, vp8Rtx } = PEER_PAYLOAD_TYPES
  const types = withRtx ? [h264, h264Rtx, vp8, vp8Rtx] : [h264, vp8]
  const rtx = [
    `a=rtpmap:${h264Rtx} rtx/90000`,
    `a=fmtp:${h264Rtx} apt=${h264}`,
    `a=rtpmap:${vp8Rtx} rtx/90000`,
    `a=fmtp:${vp8Rtx} apt=${vp8}`,
  ]
  return [
    `m=video 9 UDP/TLS/RTP/SAVPF ${types.join(' ')}`,
    `a=rtpmap:${h264} H264/90000`,
    `a=fmtp:${h264} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f`,
    `a=rtpmap:${vp8} VP8/90000`,
    ...[h264, vp8].flatMap((type) => FEEDBACK.map((entry) => `a=rtcp-fb:${type} ${entry}`)),
    ...(withRtx ? rtx : []),
  ]
}
