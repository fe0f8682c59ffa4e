import { parsePayloads, type MediaDescription } from 'sdp-transform'
import { HEADER_EXTENSION_URIS, type HeaderExtensionIds, type HeaderExtensionName } from '../rtp/extensions.js'
import { SdpError } from './error.js'

export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** A codec that the peer offers on one payload type, with what belongs to it. */
export interface RemoteCodec {
  readonly payloadType: number
  /** Lower case: `h264`, `vp8`, `opus`. */
  readonly name: string
  readonly clockRate: number
  /** 1 where the rtpmap has none. */
  readonly channels: number
  /** The `a=fmtp` line as it came; empty when there is none. */
  readonly format: string
  /** The same as names (lower case) and values. */
  readonly parameters: ReadonlyMap<string, string>
  /** `nack`, `nack pli`, `ccm fir`, `transport-cc`, `goog-remb`, … */
  readonly feedback: ReadonlySet<string>
  /** Payload type of its retransmissions (RFC 4588 `apt`). */
  readonly rtxPayloadType?: number
  /** Payload type of redundant audio with this codec inside (RFC 2198). */
  readonly redPayloadType?: number
}

/** A stream that the peer announces by SSRC. */
export interface RemoteStream {
  readonly ssrc: number
  /** From `a=ssrc-group:FID`. */
  readonly rtxSsrc?: number
  /** One of several simulcast layers that are told apart by SSRC (`a=ssrc-group:SIM`), instead of by rid. */
  readonly layer?: string
}

/** The names of an m-line's simulcast layers, best guess first; empty without simulcast. */
export function layersOf(media: {
  readonly rids: readonly string[]
  readonly remote: readonly RemoteStream[]
}): string[] {
  return media.rids.length > 0 ? [...media.rids] : media.remote.flatMap(({ layer }) => layer ?? [])
}

/** One m-line of the peer. */
export interface RemoteMedia {
  readonly mid: string
  /** `audio` and `video` can be accepted, everything else is refused in the answer. */
  readonly kind: string
  readonly protocol: string
  /** The payload types or formats as they stand in the m-line, for the answer that refuses it. */
  readonly formats: string
  /** False for what the peer refuses, and for media that do not travel over SRTP. */
  readonly isUsable: boolean
  /** From the peer's point of view. */
  readonly direction: SdpDirection
  /** In the peer's order of preference; without rtx, red, fec and other helpers. */
  readonly codecs: readonly RemoteCodec[]
  /** Header extensions that we know, and their ids. */
  readonly extensions: HeaderExtensionIds
  /** Those of them that the peer offers for one way only (`a=extmap:6/recvonly`), from its point of view. */
  readonly oneWayExtensions: ReadonlyMap<HeaderExtensionName, string>
  readonly streams: readonly RemoteStream[]
  /** Simulcast layers that the peer wants to send, in its order. */
  readonly sendRids: readonly string[]
}

/** Payload types are 7 bits wide; 64 to 95 would look like RTCP (RFC 5761 section 4). */
const MAX_PAYLOAD_TYPE = 127

const uriToName = new Map<string, HeaderExtensionName>(
  (Object.keys(HEADER_EXTENSION_URIS) as HeaderExtensionName[]).map((name) => [HEADER_EXTENSION_URIS[name], name]),
)

/** Codecs that help others and are never a track of their own. */
const HELPERS = new Set(['rtx', 'red', 'ulpfec', 'flexfec-03', 'cn', 'telephone-event'])

/** RFC 7850 and RFC 5764: SRTP keyed by DTLS, with feedback. Everything else is plaintext or another protocol. */
const SECURE_PROFILES = new Set(['UDP/TLS/RTP/SAVPF', 'TCP/TLS/RTP/SAVPF'])

/** Reads one m-line. Throws SdpError when it is audio or video in plaintext, lacks its mid or breaks a value's range. */
export function readRemoteMedia(media: MediaDescription): RemoteMedia {
  const mid = String(media.mid ?? '')
  if (!/^[!-~]{1,16}$/.test(mid)) {
    throw new SdpError(
      'SDP_INVALID',
      `Every m-line needs an "a=mid" of 1 to 16 characters; "${mid.slice(0, 32)}" came.`,
    )
  }
  const isMedia = media.type === 'audio' || media.type === 'video'
  // Firefox offers all but the first m-line so under max-bundle: port 0 refuses them only without this line (RFC 9143 section 6).
  const isRefused = media.port === 0 && media.bundleOnly === undefined
  if (isMedia && !isRefused && !SECURE_PROFILES.has(media.protocol)) {
    const came = media.protocol.slice(0, 32)
    throw new SdpError(
      'SDP_UNSUPPORTED',
      `Media must be UDP/TLS/RTP/SAVPF (DTLS-SRTP); m-line ${mid} asks for ${came}.`,
    )
  }
  const isUsable = isMedia && !isRefused
  return {
    mid,
    kind: media.type,
    protocol: media.protocol,
    formats: String(media.payloads ?? ''),
    isUsable,
    direction: media.direction ?? 'sendrecv',
    codecs: isUsable ? readCodecs(media) : [],
    ...readExtensions(media),
    streams: readStreams(media),
    sendRids: readSendRids(media),
  }
}

function readCodecs(media: MediaDescription): RemoteCodec[] {
  const order = parsePayloads(String(media.payloads ?? ''))
  const codecs: RemoteCodec[] = []
  for (const payloadType of new Set(order)) {
    const map = media.rtp.find((entry) => entry.payload === payloadType)
    if (map === undefined || !isPayloadType(payloadType)) continue
    const name = map.codec.toLowerCase()
    if (HELPERS.has(name)) continue
    const format = formatOf(media, payloadType)
    const rtxPayloadType = findRtx(media, payloadType)
    const redPayloadType = findRed(media, payloadType)
    codecs.push({
      payloadType,
      name,
      clockRate: map.rate ?? 0,
      channels: map.encoding ?? 1,
      format,
      parameters: parseFormat(format),
      feedback: readFeedback(media, payloadType),
      ...(rtxPayloadType !== undefined && { rtxPayloadType }),
      ...(redPayloadType !== undefined && { redPayloadType }),
    })
  }
  return codecs
}

/** `a=fmtp` parameters; names are case-insensitive (RFC 4855 section 3), a value without a name stands under the empty name. */
export function parseFormat(format: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const part of format.split(';')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? '' : part.slice(0, equals).trim().toLowerCase()
    parameters.set(name, part.slice(equals + 1).trim())
  }
  return parameters
}

function formatOf(media: MediaDescription, payloadType: number): string {
  return String(media.fmtp.find((entry) => entry.payload === payloadType)?.config ?? '')
}

function findRtx(media: MediaDescription, payloadType: number): number | undefined {
  return media.rtp.find(
    (entry) =>
      entry.codec.toLowerCase() === 'rtx' &&
      isPayloadType(entry.payload) &&
      parseFormat(formatOf(media, entry.payload)).get('apt') === String(payloadType),
  )?.payload
}

/** RED names its blocks by payload type: `a=fmtp:63 111/111` (RFC 2198 section 5). */
function findRed(media: MediaDescription, payloadType: number): number | undefined {
  return media.rtp.find(
    (entry) =>
      entry.codec.toLowerCase() === 'red' &&
      isPayloadType(entry.payload) &&
      formatOf(media, entry.payload).split('/').includes(String(payloadType)),
  )?.payload
}

function readFeedback(media: MediaDescription, payloadType: number): Set<string> {
  const feedback = new Set<string>()
  for (const entry of media.rtcpFb ?? []) {
    if (entry.payload !== '*' && Number(entry.payload) !== payloadType) continue
    feedback.add(entry.subtype === undefined || entry.subtype === '' ? entry.type : `${entry.type} ${entry.subtype}`)
  }
  return feedback
}

function readExtensions(media: MediaDescription): Pick<RemoteMedia, 'extensions' | 'oneWayExtensions'> {
  const oneWayExtensions = new Map<HeaderExtensionName, string>()
  const extensions: Partial<Record<HeaderExtensionName, number>> = {}
  for (const entry of media.ext ?? []) {
    const name = uriToName.get(entry.uri)
    const isEncrypted = entry['encrypt-uri'] !== undefined
    const isOurs = name !== undefined && !isEncrypted && entry.value >= 1 && entry.value <= 14
    if (!isOurs || extensions[name] !== undefined) continue
    extensions[name] = entry.value
    const { direction } = entry
    if (direction !== undefined && direction !== 'sendrecv') oneWayExtensions.set(name, direction)
  }
  return { extensions, oneWayExtensions }
}

/** Layers that are taken of one track. */
const MAX_LAYERS = 4

/** RFC 5576. Of several SSRCs that are no layers of each other (plan B) the first is the track. */
function readStreams(media: MediaDescription): RemoteStream[] {
  const groups = (media.ssrcGroups ?? []).map(({ semantics, ssrcs }) => ({ semantics, ssrcs: readSsrcs(ssrcs) }))
  const rtxOf = new Map<number, number>()
  const helpers = new Set<number>()
  for (const { semantics, ssrcs } of groups) {
    if (semantics === 'SIM') continue
    for (const helper of ssrcs.slice(1)) helpers.add(helper)
    if (semantics === 'FID' && ssrcs.length > 1) rtxOf.set(ssrcs[0]!, ssrcs[1]!)
  }
  const simulcast = groups.find(({ semantics }) => semantics === 'SIM')?.ssrcs.slice(0, MAX_LAYERS) ?? []
  const isLayered = simulcast.length > 1
  const lines = (media.ssrcs ?? []).map(({ id }) => Number(id) >>> 0)
  const primaries = new Set(isLayered ? simulcast : [...lines, ...rtxOf.keys()].filter((ssrc) => !helpers.has(ssrc)))
  return [...primaries].map((ssrc) => {
    const rtxSsrc = rtxOf.get(ssrc)
    return { ssrc, ...(rtxSsrc !== undefined && { rtxSsrc }), ...(isLayered && { layer: `ssrc-${ssrc}` }) }
  })
}

function readSsrcs(text: string): number[] {
  return text.split(' ').flatMap((part) => (/^\d{1,10}$/.test(part) ? [Number(part) >>> 0] : []))
}

/** RFC 8853: `a=simulcast:send l;~m;h`, a list of alternatives per layer of which the first is taken. */
function readSendRids(media: MediaDescription): string[] {
  const { simulcast } = media
  const list = simulcast?.dir1 === 'send' ? simulcast.list1 : simulcast?.dir2 === 'send' ? simulcast.list2 : undefined
  const layers = String(list ?? '').split(';')
  return layers.map((layer) => layer.split(',')[0]!.replace('~', '')).filter((rid) => /^[A-Za-z0-9_-]{1,16}$/.test(rid))
}

function isPayloadType(payloadType: number): boolean {
  return (
    Number.isInteger(payloadType) && payloadType >= 0 && payloadType <= MAX_PAYLOAD_TYPE && !isRtcpLike(payloadType)
  )
}

function isRtcpLike(payloadType: number): boolean {
  return payloadType >= 64 && payloadType <= 95
}
