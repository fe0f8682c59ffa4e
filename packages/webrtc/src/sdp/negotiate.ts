import type { DtlsRole } from '../engine/dtls.js'
import type { EgressExtensionIds, TrackOptions } from '../engine/egress.js'
import type { HeaderExtensionIds, HeaderExtensionName } from '../rtp/extensions.js'
import { chooseCodec, type CodecPreference, type NegotiatedCodec } from './codec-choice.js'
import { SdpError } from './error.js'
import type { RemoteDescription } from './remote-description.js'
import type { RemoteMedia, RemoteStream } from './remote-media.js'
import { agreeOnExtensions, PayloadTypes } from './session-rules.js'
import { SsrcSource, type LocalStream } from './ssrc-source.js'

/** The server's plan for one m-line. */
export interface TrackPlan {
  /** Ours: `send` to a viewer, `receive` from a publisher. */
  readonly direction: 'send' | 'receive'
  /** Best first. For sending the first that fits is taken, with fall-backs; for receiving all that fit are answered. */
  readonly codecs: readonly CodecPreference[]
  /** Keep the m-line for later, without media now. Default false. */
  readonly isHeld?: boolean
  /** Another m-line of its kind will do as well. Default false: it is accepted or the whole offer is refused. */
  readonly isReplaceable?: boolean
}

/** Of each kind, best first. */
export type CodecPreferences = Readonly<Record<'audio' | 'video', readonly CodecPreference[]>>

/** The requirements for an m-line, given the ones accepted before it; undefined refuses it. */
export type PlanMedia = (media: RemoteMedia, accepted: readonly NegotiatedMedia[]) => TrackPlan | undefined

/** One m-line as both sides will use it. */
export interface NegotiatedMedia {
  readonly mid: string
  readonly kind: 'audio' | 'video'
  /** Ours. */
  readonly direction: 'send' | 'receive'
  /** Never empty; the first is preferred, and for sending the only one. */
  readonly codecs: readonly NegotiatedCodec[]
  readonly extensions: HeaderExtensionIds
  /** What we send; absent when receiving. */
  readonly local?: LocalStream
  /** The SSRCs that the peer announced; may be empty, then mid and rid identify them. */
  readonly remote: readonly RemoteStream[]
  /** Simulcast layers that we accept. */
  readonly rids: readonly string[]
  /** The m-line is kept for later, and nothing travels on it now (`a=inactive`). */
  readonly isHeld?: boolean
}

const EXTENSIONS: Readonly<
  Record<'audio' | 'video', Readonly<Record<'send' | 'receive', readonly HeaderExtensionName[]>>>
> = {
  audio: {
    send: ['mid', 'transportSequence', 'absSendTime', 'absCaptureTime', 'audioLevel'],
    receive: ['mid', 'transportSequence', 'absSendTime', 'absCaptureTime', 'audioLevel'],
  },
  video: {
    send: ['mid', 'transportSequence', 'absSendTime', 'absCaptureTime', 'playoutDelay', 'videoOrientation'],
    receive: ['mid', 'rid', 'repairedRid', 'transportSequence', 'absSendTime', 'absCaptureTime', 'videoOrientation'],
  },
}

/**
 * Matches a peer's offer with our requirements for each m-line; `plan` returns undefined to refuse an m-line. Throws
 * SdpError `SDP_NO_CODEC`, with the required and the offered codecs, when a required m-line cannot be accepted: an
 * answer never silently omits required media.
 */
export function negotiate(
  offer: RemoteDescription,
  plan: PlanMedia,
  randomBytes: (length: number) => Uint8Array,
): NegotiatedMedia[] {
  const ssrcs = new SsrcSource(randomBytes)
  const types = new PayloadTypes()
  const refused: { readonly kind: string; readonly track: TrackPlan; readonly reason: string }[] = []
  const accepted: NegotiatedMedia[] = []
  for (const offered of offer.media) {
    const track = offered.isUsable ? plan(offered, accepted) : undefined
    if (track === undefined) continue
    const media = types.remaining(offered)
    const codecs = agreedCodecs(media, track)
    if (codecs.length > 0) {
      types.take(media, codecs)
      accepted.push(negotiatedMedia(media, track, codecs, ssrcs))
    } else if (track.isHeld !== true) refused.push({ kind: media.kind, track, reason: refusalOf(offered, track) })
  }
  const isReplaced = (kind: string): boolean => accepted.some((media) => media.kind === kind)
  const missing = refused.filter(({ kind, track }) => track.isReplaceable !== true || !isReplaced(kind))
  if (missing.length > 0) throw new SdpError('SDP_NO_CODEC', missing.map(({ reason }) => reason).join(' '))
  if (accepted.length > 0) return withAgreedExtensions(accepted)
  throw new SdpError('SDP_NO_CODEC', 'The offer has no m-line for what this stream has.')
}

/** WHEP: the first audio and the first video m-line that wants to receive get what the stream has. */
export function planPlay(preferences: CodecPreferences): PlanMedia {
  return planFirst('send', preferences)
}

/** WHIP: the first audio and the first video m-line that wants to send. */
export function planPublish(preferences: CodecPreferences): PlanMedia {
  return planFirst('receive', preferences)
}

/**
 * A browser that publishes into a room, with as many tracks as it likes: each m-line it wants to send is received when
 * `isNamed` knows its mid. The others are held, for refusing an m-line stops the browser's transceiver for good (RFC 8829 section 5.10).
 */
export function planUplink(isNamed: (mid: string) => boolean, preferences: CodecPreferences): PlanMedia {
  return (media) => {
    const sends = media.direction === 'sendonly' || media.direction === 'sendrecv'
    const codecs = media.kind === 'video' ? preferences.video : preferences.audio
    return { direction: 'receive', codecs, isHeld: !sends || !isNamed(media.mid) }
  }
}

/**
 * Our role in the DTLS handshake: with a choice the browser begins, which saves a round trip (RFC 8842 section 5.3).
 */
export function dtlsRoleFor(offer: RemoteDescription): DtlsRole {
  return offer.setup === 'passive' ? 'client' : 'server'
}

/** The part of an accepted m-line that the egress uses. */
export function trackOptionsOf(media: NegotiatedMedia): TrackOptions {
  const codec = media.codecs[0]!
  const { local } = media
  if (local === undefined) throw new TypeError(`m-line ${media.mid} is not one we send`)
  const rtx =
    local.rtxSsrc !== undefined && codec.rtxPayloadType !== undefined
      ? { rtx: { ssrc: local.rtxSsrc, payloadType: codec.rtxPayloadType } }
      : {}
  return {
    kind: media.kind,
    ssrc: local.ssrc,
    payloadType: codec.redPayloadType ?? codec.payloadType,
    ...rtx,
    extensions: egressExtensionsOf(media.extensions),
    mid: media.mid,
  }
}

function egressExtensionsOf(ids: HeaderExtensionIds): EgressExtensionIds {
  const { mid, absSendTime, transportSequence, playoutDelay, absCaptureTime, videoOrientation, audioLevel } = ids
  return {
    ...(mid !== undefined && { mid }),
    ...(absSendTime !== undefined && { absSendTime }),
    ...(transportSequence !== undefined && { transportCc: transportSequence }),
    ...(playoutDelay !== undefined && { playoutDelay }),
    ...(absCaptureTime !== undefined && { absCaptureTime }),
    ...(videoOrientation !== undefined && { videoOrientation }),
    ...(audioLevel !== undefined && { audioLevel }),
  }
}

function planFirst(direction: TrackPlan['direction'], preferences: CodecPreferences): PlanMedia {
  return (media, accepted) => {
    const codecs = media.kind === 'video' ? preferences.video : preferences.audio
    const peerDirection = direction === 'send' ? 'recvonly' : 'sendonly'
    const fits = media.direction === peerDirection || media.direction === 'sendrecv'
    const isTaken = accepted.some(({ kind }) => kind === media.kind)
    return !fits || isTaken || codecs.length === 0 ? undefined : { direction, codecs, isReplaceable: true }
  }
}

/** For sending the best and fall-backs, for receiving all that fit. */
function agreedCodecs(media: RemoteMedia, { codecs, direction }: TrackPlan): NegotiatedCodec[] {
  const agreed: NegotiatedCodec[] = []
  for (const preference of codecs) {
    if (direction === 'send' && agreed.length > 0 && preference.isFallback !== true) continue
    const codec = chooseCodec(media, preference, direction)
    if (codec !== undefined) agreed.push(codec)
  }
  return agreed
}

function negotiatedMedia(
  media: RemoteMedia,
  plan: TrackPlan,
  codecs: readonly NegotiatedCodec[],
  ssrcs: SsrcSource,
): NegotiatedMedia {
  const kind = media.kind as 'audio' | 'video'
  return {
    mid: media.mid,
    kind,
    direction: plan.direction,
    codecs,
    extensions: possibleExtensions(media, kind, plan.direction),
    ...(plan.direction === 'send' && { local: ssrcs.stream(codecs[0]!.rtxPayloadType !== undefined) }),
    remote: plan.direction === 'receive' ? media.streams : [],
    rids: plan.direction === 'receive' ? media.sendRids : [],
    ...(plan.isHeld === true && { isHeld: true }),
  }
}

function possibleExtensions(
  media: RemoteMedia,
  kind: 'audio' | 'video',
  direction: 'send' | 'receive',
): HeaderExtensionIds {
  const possible: Partial<Record<HeaderExtensionName, number>> = {}
  for (const name of EXTENSIONS[kind][direction]) {
    const id = media.extensions[name]
    const oneWay = media.oneWayExtensions.get(name)
    const goesOurWay = oneWay === undefined || oneWay === (direction === 'send' ? 'recvonly' : 'sendonly')
    if (id !== undefined && goesOurWay) possible[name] = id
  }
  return possible
}

function withAgreedExtensions(accepted: readonly NegotiatedMedia[]): NegotiatedMedia[] {
  const agreed = agreeOnExtensions(accepted.map(({ extensions }) => extensions))
  return accepted.map((media) => {
    const names = (Object.keys(media.extensions) as HeaderExtensionName[]).filter(
      (name) => media.extensions[name] === agreed[name],
    )
    // Send times serve receivers that estimate by themselves; where the feedback is transport-wide they are dead weight.
    const needed = names.filter((name) => name !== 'absSendTime' || !names.includes('transportSequence'))
    return { ...media, extensions: Object.fromEntries(needed.map((name) => [name, agreed[name]!])) }
  })
}

function refusalOf(media: RemoteMedia, plan: TrackPlan): string {
  const wanted = plan.codecs.map((preference) =>
    preference.codec === 'h264' && plan.direction === 'send'
      ? 'H.264 (packetization-mode=1)'
      : preference.codec.toUpperCase(),
  )
  const offered = [...new Set(media.codecs.map((codec) => codec.name.toUpperCase()))].slice(0, 16)
  return `No codec fits for ${media.kind}: wanted ${wanted.join(' or ')}, offered ${offered.join(', ') || 'none'}.`
}
