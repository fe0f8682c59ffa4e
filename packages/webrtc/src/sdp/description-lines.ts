import { write, type MediaDescription, type SessionDescription } from 'sdp-transform'
import type { CertificateFingerprint, DtlsRole } from '../engine/dtls.js'
import type { IceCandidate } from '../ice/candidates.js'
import type { IceCredentials } from '../ice/credentials.js'
import { HEADER_EXTENSION_URIS, type HeaderExtensionName } from '../rtp/extensions.js'
import type { NegotiatedCodec } from './codec-choice.js'
import type { NegotiatedMedia } from './negotiate.js'

/** The server's lines in every description of one session. */
export interface LocalDescription {
  /** Decimal digits, below 2^63; the same for all descriptions of a session (RFC 8866 section 5.2). */
  readonly sessionId: string
  /** Grows by one with every description of the session. */
  readonly version: number
  readonly ice: IceCredentials
  readonly candidates: readonly IceCandidate[]
  readonly fingerprint: CertificateFingerprint
  readonly dtlsRole: DtlsRole
  /** One for all that is to be played in sync (RFC 7022): the CNAME of the egress. */
  readonly cname: string
  /** Name of the MediaStream that the browser makes of what we send; audio and video with the same one are synchronised. */
  readonly streamId: string
}

/** The session part, which answers and offers share, around `media`. `bundle` is left out when empty. */
export function writeDescription(
  media: MediaDescription[],
  bundle: readonly string[],
  local: Pick<LocalDescription, 'sessionId' | 'version'>,
  isExtmapMixed: boolean,
): string {
  const session: SessionDescription = {
    version: 0,
    origin: {
      username: '-',
      sessionId: local.sessionId,
      sessionVersion: local.version,
      netType: 'IN',
      ipVer: 4,
      address: '0.0.0.0',
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    icelite: 'ice-lite',
    ...(bundle.length > 0 && { groups: [{ type: 'BUNDLE', mids: bundle.join(' ') }] }),
    ...(isExtmapMixed && { extmapAllowMixed: 'extmap-allow-mixed' }),
    msidSemantic: { semantic: 'WMS', token: '*' },
    media,
  }
  return write(session)
}

/** The transport's part of an m-line; the first of the bundle carries the candidates. */
export function transportLines(
  local: Pick<LocalDescription, 'ice' | 'fingerprint' | 'candidates'>,
  setup: 'actpass' | 'active' | 'passive',
  withCandidates: boolean,
): Partial<MediaDescription> {
  return {
    rtcp: { port: 9, netType: 'IN', ipVer: 4, address: '0.0.0.0' },
    iceUfrag: local.ice.usernameFragment,
    icePwd: local.ice.password,
    fingerprint: { type: local.fingerprint.algorithm, hash: local.fingerprint.value },
    setup,
    rtcpMux: 'rtcp-mux',
    rtcpRsize: 'rtcp-rsize',
    ...(withCandidates && candidateLines(local.candidates)),
  }
}

/** `payloads`, `rtp`, `fmtp` and `rtcpFb` of an m-line with these codecs. */
export function codecLines(
  codecs: readonly NegotiatedCodec[],
): Pick<MediaDescription, 'payloads' | 'rtp' | 'fmtp' | 'rtcpFb'> {
  return {
    payloads: codecs.flatMap(payloadTypesOf).join(' '),
    rtp: codecs.flatMap(mapsOf),
    fmtp: codecs.flatMap(formatsOf),
    rtcpFb: codecs.flatMap(feedbackOf),
  }
}

/** `direction` of an extension that was offered for one way only (RFC 8285 section 6), undefined for both ways. */
export function extensionLines(
  own: NegotiatedMedia,
  directionOf: (name: HeaderExtensionName) => string | undefined = () => undefined,
): NonNullable<MediaDescription['ext']> {
  const names = Object.keys(own.extensions) as HeaderExtensionName[]
  return names.map((name) => {
    const direction = directionOf(name)
    const line = { value: own.extensions[name]!, uri: HEADER_EXTENSION_URIS[name] }
    return direction === undefined ? line : { ...line, direction }
  })
}

/** The stream of an m-line that we send. */
export function sendingLines(own: NegotiatedMedia, streamId: string, cname: string): Partial<MediaDescription> {
  if (own.local === undefined) return {}
  const { ssrc, rtxSsrc } = own.local
  const msid = `${streamId} ${own.mid}`
  const ssrcs = (rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc]).flatMap((id) => [
    { id, attribute: 'cname', value: cname },
    { id, attribute: 'msid', value: msid },
  ])
  return {
    msid: [{ id: streamId, appdata: own.mid }],
    ...(rtxSsrc !== undefined && { ssrcGroups: [{ semantics: 'FID', ssrcs: `${ssrc} ${rtxSsrc}` }] }),
    ssrcs,
  }
}

/** Redundant audio is put first: it is what we send. */
function payloadTypesOf(codec: NegotiatedCodec): number[] {
  return [codec.redPayloadType, codec.payloadType, codec.rtxPayloadType].filter((type) => type !== undefined)
}

function mapsOf(codec: NegotiatedCodec): MediaDescription['rtp'] {
  const { payloadType, clockRate, channels, rtpName, rtxPayloadType, redPayloadType } = codec
  const encoding = channels > 1 ? { encoding: channels } : {}
  const maps: MediaDescription['rtp'] = [{ payload: payloadType, codec: rtpName, rate: clockRate, ...encoding }]
  if (redPayloadType !== undefined) maps.push({ payload: redPayloadType, codec: 'red', rate: clockRate, ...encoding })
  if (rtxPayloadType !== undefined) maps.push({ payload: rtxPayloadType, codec: 'rtx', rate: clockRate })
  return maps
}

function formatsOf(codec: NegotiatedCodec): MediaDescription['fmtp'] {
  const { payloadType, format, rtxPayloadType, redPayloadType } = codec
  const formats: MediaDescription['fmtp'] = format === '' ? [] : [{ payload: payloadType, config: format }]
  if (redPayloadType !== undefined) formats.push({ payload: redPayloadType, config: `${payloadType}/${payloadType}` })
  if (rtxPayloadType !== undefined) formats.push({ payload: rtxPayloadType, config: `apt=${payloadType}` })
  return formats
}

function feedbackOf(codec: NegotiatedCodec): NonNullable<MediaDescription['rtcpFb']> {
  return codec.feedback.map((entry) => {
    const [type, subtype] = entry.split(' ')
    return { payload: codec.payloadType, type: type!, ...(subtype !== undefined && { subtype }) }
  })
}

function candidateLines(candidates: readonly IceCandidate[]): Partial<MediaDescription> {
  return {
    candidates: candidates.map((candidate) => {
      const { foundation, component, transport, priority, ip, port, type, tcpType } = candidate
      const base = { foundation, component, transport, priority, ip, port, type }
      return tcpType === undefined ? base : { ...base, tcptype: tcpType }
    }),
    endOfCandidates: 'end-of-candidates',
  }
}
