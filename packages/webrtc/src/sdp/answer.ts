import { write, type MediaDescription, type SessionDescription } from 'sdp-transform'
import type { CertificateFingerprint, DtlsRole } from '../engine/dtls.js'
import type { IceCandidate } from '../ice/candidates.js'
import type { IceCredentials } from '../ice/credentials.js'
import { HEADER_EXTENSION_URIS, type HeaderExtensionName } from '../rtp/extensions.js'
import type { NegotiatedCodec } from './codec-choice.js'
import type { NegotiatedMedia } from './negotiate.js'
import type { RemoteDescription } from './remote-description.js'
import type { RemoteMedia } from './remote-media.js'

/** What this server says of itself in every description of one session. */
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

/** The answer to `offer` that accepts `accepted` and refuses the rest: the same m-lines in the same order (RFC 3264 section 6). */
export function writeAnswer(
  offer: RemoteDescription,
  accepted: readonly NegotiatedMedia[],
  local: LocalDescription,
): string {
  const tagged = accepted[0]?.mid
  const media = offer.media.map((remote) => {
    const own = accepted.find((entry) => entry.mid === remote.mid)
    return own === undefined ? refusedMedia(remote) : acceptedMedia(remote, own, local, own.mid === tagged)
  })
  return writeSession(media, accepted, local, offer.isExtmapMixed, offer.bundle.length > 0)
}

function writeSession(
  media: MediaDescription[],
  accepted: readonly NegotiatedMedia[],
  local: LocalDescription,
  isExtmapMixed: boolean,
  isBundled: boolean,
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
    ...(isBundled && { groups: [{ type: 'BUNDLE', mids: accepted.map((entry) => entry.mid).join(' ') }] }),
    ...(isExtmapMixed && { extmapAllowMixed: 'extmap-allow-mixed' }),
    msidSemantic: { semantic: 'WMS', token: '*' },
    media,
  }
  return write(session)
}

/** Port 0 refuses an m-line (RFC 3264 section 6). */
function refusedMedia(remote: RemoteMedia): MediaDescription {
  return {
    type: remote.kind,
    port: 0,
    protocol: remote.protocol,
    payloads: remote.formats,
    connection: { version: 4, ip: '0.0.0.0' },
    mid: remote.mid,
    direction: 'inactive',
    rtp: [],
    fmtp: [],
  }
}

function acceptedMedia(
  remote: RemoteMedia,
  own: NegotiatedMedia,
  local: LocalDescription,
  isTagged: boolean,
): MediaDescription {
  const { codecs } = own
  return {
    type: own.kind,
    port: 9,
    protocol: remote.protocol,
    payloads: codecs.flatMap(payloadTypesOf).join(' '),
    connection: { version: 4, ip: '0.0.0.0' },
    rtcp: { port: 9, netType: 'IN', ipVer: 4, address: '0.0.0.0' },
    iceUfrag: local.ice.usernameFragment,
    icePwd: local.ice.password,
    fingerprint: { type: local.fingerprint.algorithm, hash: local.fingerprint.value },
    setup: local.dtlsRole === 'server' ? 'passive' : 'active',
    mid: own.mid,
    ext: extensionsOf(own, remote),
    direction: own.isHeld === true ? 'inactive' : own.direction === 'send' ? 'sendonly' : 'recvonly',
    rtcpMux: 'rtcp-mux',
    rtcpRsize: 'rtcp-rsize',
    rtp: codecs.flatMap(mapsOf),
    fmtp: codecs.flatMap(formatsOf),
    rtcpFb: codecs.flatMap(feedbackOf),
    ...sendingOf(own, local),
    ...simulcastOf(own),
    ...(isTagged && candidatesOf(local)),
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

/** What was offered for one way is answered for that way, seen from here (RFC 8285 section 6). */
function extensionsOf(own: NegotiatedMedia, remote: RemoteMedia): NonNullable<MediaDescription['ext']> {
  const names = Object.keys(own.extensions) as HeaderExtensionName[]
  return names.map((name) => {
    const line = { value: own.extensions[name]!, uri: HEADER_EXTENSION_URIS[name] }
    return remote.oneWayExtensions.has(name)
      ? { ...line, direction: `${own.direction === 'send' ? 'send' : 'recv'}only` }
      : line
  })
}

function sendingOf(own: NegotiatedMedia, local: LocalDescription): Partial<MediaDescription> {
  if (own.local === undefined) return {}
  const { ssrc, rtxSsrc } = own.local
  const msid = `${local.streamId} ${own.mid}`
  const ssrcs = (rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc]).flatMap((id) => [
    { id, attribute: 'cname', value: local.cname },
    { id, attribute: 'msid', value: msid },
  ])
  return {
    msid: [{ id: local.streamId, appdata: own.mid }],
    ...(rtxSsrc !== undefined && { ssrcGroups: [{ semantics: 'FID', ssrcs: `${ssrc} ${rtxSsrc}` }] }),
    ssrcs,
  }
}

function simulcastOf(own: NegotiatedMedia): Partial<MediaDescription> {
  if (own.rids.length === 0) return {}
  return {
    rids: own.rids.map((id) => ({ id, direction: 'recv' })),
    simulcast: { dir1: 'recv', list1: own.rids.join(';') },
  }
}

function candidatesOf(local: LocalDescription): Partial<MediaDescription> {
  return {
    candidates: local.candidates.map((candidate) => {
      const { foundation, component, transport, priority, ip, port, type, tcpType } = candidate
      const base = { foundation, component, transport, priority, ip, port, type }
      return tcpType === undefined ? base : { ...base, tcptype: tcpType }
    }),
    endOfCandidates: 'end-of-candidates',
  }
}
