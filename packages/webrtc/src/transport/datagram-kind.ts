export type DatagramKind = 'stun' | 'dtls' | 'rtp' | 'rtcp' | 'unknown'

/** DTLS content types live in 20 to 63, RTP's version bits make 128 to 191 (RFC 7983 section 7). */
const FIRST_DTLS = 20
const LAST_DTLS = 63
const FIRST_RTP = 128
const LAST_RTP = 191

/** RTCP packet types 192 to 223 stand where RTP has marker and payload type (RFC 5761 section 4). */
const FIRST_RTCP_TYPE = 192
const LAST_RTCP_TYPE = 223

/** Two bytes say what a datagram is when everything shares one port. */
export function datagramKind(bytes: Uint8Array): DatagramKind {
  if (bytes.length < 2) return 'unknown'
  const first = bytes[0]!
  if (first <= 3) return 'stun'
  if (first >= FIRST_DTLS && first <= LAST_DTLS) return 'dtls'
  if (first < FIRST_RTP || first > LAST_RTP) return 'unknown'
  const second = bytes[1]!
  return second >= FIRST_RTCP_TYPE && second <= LAST_RTCP_TYPE ? 'rtcp' : 'rtp'
}
