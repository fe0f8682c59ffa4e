import { parse, type MediaDescription, type SessionDescription } from 'sdp-transform'
import type { CertificateFingerprint } from '../engine/dtls.js'
import { areValidIceCredentials, type IceCredentials } from '../ice/credentials.js'
import { SdpError } from './error.js'
import { readRemoteMedia, type RemoteMedia } from './remote-media.js'

export const MAX_SDP_CHARACTERS = 64 * 1024
export const MAX_SDP_LINES = 2000
/** As many as a room may have tracks: 24 videos and 16 sounds. */
export const MAX_MEDIA_LINES = 40
/** The longest real line is a candidate with a TURN host name, far below this. */
const MAX_LINE_CHARACTERS = 4096

/** Which side opens the DTLS association (RFC 8842 section 5.2). */
export type SetupRole = 'actpass' | 'active' | 'passive'

/** A peer's offer or answer, checked and reduced to the parts that this server uses. */
export interface RemoteDescription {
  readonly ice: IceCredentials
  /** sha-256 of the peer's certificate, the same for all m-lines. */
  readonly fingerprint: CertificateFingerprint
  readonly setup: SetupRole
  /** Mids of the BUNDLE group, in its order (RFC 9143). */
  readonly bundle: readonly string[]
  readonly isExtmapMixed: boolean
  /** All m-lines in their order: an answer has the same. */
  readonly media: readonly RemoteMedia[]
}

/** Reads a remote description. Throws SdpError with a sentence for its sender, and nothing else, for any text. */
export function parseRemoteDescription(text: string): RemoteDescription {
  checkLimits(text)
  const session = parseText(text)
  const media = session.media.map(readRemoteMedia)
  checkMids(media)
  const used = media.filter((entry) => entry.isUsable)
  if (used.length === 0) throw new SdpError('SDP_INVALID', 'The description has no audio or video m-line.')
  const bundle = readBundle(session)
  checkBundle(session, used, bundle)
  const transport = transportLine(session, [...bundle, used[0]!.mid])
  return {
    ice: readIce(session, transport),
    fingerprint: readFingerprint(text),
    setup: readSetup(session, transport),
    bundle,
    isExtmapMixed: session.extmapAllowMixed !== undefined,
    media,
  }
}

function checkLimits(text: string): void {
  if (text.length > MAX_SDP_CHARACTERS) {
    throw new SdpError(
      'SDP_INVALID',
      `The description has ${text.length} characters; at most ${MAX_SDP_CHARACTERS} are read.`,
    )
  }
  const lines = text.split('\n')
  if (lines.length > MAX_SDP_LINES + 1) {
    throw new SdpError('SDP_INVALID', `The description has ${lines.length} lines; at most ${MAX_SDP_LINES} are read.`)
  }
  const mediaLines = lines.filter((line) => line.startsWith('m=')).length
  if (mediaLines > MAX_MEDIA_LINES) {
    throw new SdpError('SDP_INVALID', `The description has ${mediaLines} m-lines; at most ${MAX_MEDIA_LINES} are read.`)
  }
  if (lines.some((line) => line.length > MAX_LINE_CHARACTERS)) {
    throw new SdpError('SDP_INVALID', `The description has a line of more than ${MAX_LINE_CHARACTERS} characters.`)
  }
  if (!/^v=0\r?\n/.test(text)) throw new SdpError('SDP_INVALID', 'The body is not SDP: it does not begin with "v=0".')
}

function parseText(text: string): SessionDescription {
  try {
    const session = parse(text)
    if (!session.media.every(isWholeMedia)) throw new TypeError('an m-line is broken')
    return session
  } catch {
    throw new SdpError('SDP_INVALID', 'The description is not well-formed SDP (RFC 8866).')
  }
}

/** The parser leaves fields out where a line did not match its grammar; the types do not say so. */
function isWholeMedia(media: Partial<SessionDescription['media'][number]>): boolean {
  const rtp = media.rtp?.every((entry) => typeof entry.codec === 'string') ?? true
  return typeof media.type === 'string' && typeof media.port === 'number' && typeof media.protocol === 'string' && rtp
}

function checkMids(media: readonly RemoteMedia[]): void {
  if (new Set(media.map((entry) => entry.mid)).size !== media.length) {
    throw new SdpError('SDP_INVALID', 'Two m-lines have the same "a=mid".')
  }
}

function readBundle(session: SessionDescription): string[] {
  const group = session.groups?.find((entry) => entry.type === 'BUNDLE')
  return group === undefined
    ? []
    : String(group.mids)
        .split(' ')
        .filter((mid) => mid !== '')
}

function checkBundle(session: SessionDescription, used: readonly RemoteMedia[], bundle: readonly string[]): void {
  if (used.length > 1 && !used.every((entry) => bundle.includes(entry.mid))) {
    throw new SdpError('SDP_UNSUPPORTED', 'All m-lines must be in one BUNDLE group: there is one transport (RFC 9143).')
  }
  for (const entry of used) {
    const media = session.media.find((candidate) => String(candidate.mid) === entry.mid)
    if (media?.rtcpMux === undefined) {
      throw new SdpError('SDP_UNSUPPORTED', `m-line ${entry.mid} lacks "a=rtcp-mux", which is required (RFC 5761).`)
    }
  }
}

/** The m-line that speaks for the transport of all: the first of the group that says something of it (RFC 9143 section 7.2). */
function transportLine(session: SessionDescription, mids: readonly string[]): MediaDescription | undefined {
  const lines = mids.flatMap((mid) => session.media.find((media) => String(media.mid) === mid) ?? [])
  return lines.find((media) => media.port !== 0 && media.iceUfrag !== undefined) ?? lines[0]
}

/** At the m-line's own level or the session's; the rest of the bundle repeats or omits them. */
function readIce(session: SessionDescription, tagged: MediaDescription | undefined): IceCredentials {
  const ice = {
    usernameFragment: String(tagged?.iceUfrag ?? session.iceUfrag ?? ''),
    password: String(tagged?.icePwd ?? session.icePwd ?? ''),
  }
  if (!areValidIceCredentials(ice)) {
    throw new SdpError(
      'SDP_INVALID',
      'The description needs "a=ice-ufrag" of 4 to 256 and "a=ice-pwd" of 22 to 256 ice-char.',
    )
  }
  return ice
}

/**
 * Every fingerprint line counts, so the raw text is read: a parser that keeps only the last one would let a second
 * certificate through an unchecked attribute.
 */
function readFingerprint(text: string): CertificateFingerprint {
  const values = new Set<string>()
  for (const match of text.matchAll(/^a=fingerprint:([^\s]{1,16})[ \t]+([^\s]+)[ \t]*\r?$/gim)) {
    if (match[1]!.toLowerCase() === 'sha-256') values.add(match[2]!.toUpperCase())
  }
  if (values.size === 0) {
    throw new SdpError(
      'SDP_UNSUPPORTED',
      'The description needs an "a=fingerprint:sha-256"; weaker hashes are not taken.',
    )
  }
  if (values.size > 1) {
    throw new SdpError(
      'SDP_UNSUPPORTED',
      'The description names several certificates; one fingerprint for all m-lines is taken.',
    )
  }
  const [value] = values as unknown as [string]
  if (!/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/.test(value)) {
    throw new SdpError('SDP_INVALID', 'The sha-256 fingerprint is not 32 bytes in hexadecimal with colons (RFC 8122).')
  }
  return { algorithm: 'sha-256', value }
}

function readSetup(session: SessionDescription, tagged: MediaDescription | undefined): SetupRole {
  // An absent attribute means active (RFC 4145 section 4): then we wait.
  const setup = tagged?.setup ?? session.setup ?? 'active'
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive') {
    throw new SdpError('SDP_INVALID', `"a=setup" is actpass, active or passive; "${String(setup).slice(0, 32)}" came.`)
  }
  return setup
}
