import { formatCandidate, type IceCandidate } from '../ice/candidates.js'
import { areValidIceCredentials, type IceCredentials } from '../ice/credentials.js'
import { SdpError } from './error.js'
import { MAX_SDP_CHARACTERS } from './remote-description.js'

/** A trickle fragment (`application/trickle-ice-sdpfrag`, RFC 8840), as WHIP and WHEP send it by PATCH. */
export interface TrickleFragment {
  /** Absent when the fragment names none. Other than the session's own: the peer wants an ICE restart (RFC 9725 section 4.3.2). */
  readonly ice?: IceCredentials
  /** The number of candidates. A lite agent needs none: it answers every peer with the password. */
  readonly candidates: number
  readonly isEndOfCandidates: boolean
}

/** Reads a fragment. Throws SdpError `SDP_INVALID` when it is too long, or its credentials are malformed or contradict each other. */
export function parseTrickleFragment(text: string): TrickleFragment {
  if (text.length > MAX_SDP_CHARACTERS) {
    throw new SdpError(
      'SDP_INVALID',
      `The fragment has ${text.length} characters; at most ${MAX_SDP_CHARACTERS} are read.`,
    )
  }
  const lines = text.split(/\r?\n/)
  const usernameFragment = onlyValue(lines, 'a=ice-ufrag:')
  const password = onlyValue(lines, 'a=ice-pwd:')
  const rest = {
    candidates: lines.filter((line) => line.startsWith('a=candidate:')).length,
    isEndOfCandidates: lines.includes('a=end-of-candidates'),
  }
  if (usernameFragment === undefined && password === undefined) return rest
  const ice = { usernameFragment: usernameFragment ?? '', password: password ?? '' }
  if (!areValidIceCredentials(ice)) {
    throw new SdpError(
      'SDP_INVALID',
      'The fragment needs both "a=ice-ufrag" and "a=ice-pwd" in their valid lengths (RFC 8839).',
    )
  }
  return { ice, ...rest }
}

/** Our side of an ICE restart as a fragment: new credentials, the same candidates (RFC 9725 section 4.3.3). */
export function writeTrickleFragment(ice: IceCredentials, candidates: readonly IceCandidate[], mid: string): string {
  const lines = [
    'a=ice-lite',
    `a=ice-ufrag:${ice.usernameFragment}`,
    `a=ice-pwd:${ice.password}`,
    'm=audio 9 UDP/TLS/RTP/SAVPF 0',
    `a=mid:${mid}`,
    ...candidates.map((candidate) => `a=candidate:${formatCandidate(candidate)}`),
    'a=end-of-candidates',
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

/** The value of an attribute that may be repeated for every m-line, but always says the same. */
function onlyValue(lines: readonly string[], prefix: string): string | undefined {
  const values = new Set(
    lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length).trim()),
  )
  if (values.size > 1)
    throw new SdpError('SDP_INVALID', `The fragment has several "${prefix.slice(0, -1)}" that differ.`)
  return [...values][0]
}
