import type { DtlsRole } from '../engine/dtls.js'
import type { EgressExtensionIds, TrackOptions } from '../engine/egress.js'
import type { HeaderExtensionIds, HeaderExtensionName } from '../rtp/extensions.js'
import { chooseCodec, type CodecWish, type NegotiatedCodec } from './codec-choice.js'
import { SdpError } from './error.js'
import type { RemoteDescription } from './remote-description.js'
import type { RemoteMedia, RemoteStream } from './remote-media.js'
import { SsrcSource, type LocalStream } from './ssrc-source.js'

/** What this server wants of one m-line. */
export interface TrackPlan {
  /** Ours: `send` to a viewer, `receive` from a publisher. */
  readonly direction: 'send' | 'receive'
  /** Best first. For sending the first that fits is taken alone, for receiving all that fit are answered. */
  readonly codecs: readonly CodecWish[]
  /** Keep the m-line for later, without media now. Default false. */
  readonly isHeld?: boolean
}

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
  /** What the peer announced that it sends; may be empty, then mid and rid tell. */
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
 * Matches a peer's offer with what we want of each m-line; `plan` answers undefined for an m-line that is to be refused.
 * Throws SdpError `SDP_NO_CODEC`, with what was wanted and what was offered, when not one m-line can be accepted.
 */
export function negotiate(
  offer: RemoteDescription,
  plan: (media: RemoteMedia) => TrackPlan | undefined,
  randomBytes: (length: number) => Uint8Array,
): NegotiatedMedia[] {
  const ssrcs = new SsrcSource(randomBytes)
  const refusals: string[] = []
  const accepted: NegotiatedMedia[] = []
  for (const media of offer.media) {
    const wish = media.isUsable ? plan(media) : undefined
    if (wish === undefined) continue
    const negotiated = negotiateMedia(media, wish, ssrcs)
    if (typeof negotiated === 'string') refusals.push(negotiated)
    else accepted.push(negotiated)
  }
  if (accepted.length > 0) return accepted
  const reason = refusals.length > 0 ? refusals.join(' ') : 'The offer has no m-line for what this stream has.'
  throw new SdpError('SDP_NO_CODEC', reason)
}

/** WHEP: the first audio and the first video m-line that wants to receive get what the stream has. */
export function planPlay(wishes: {
  readonly audio: readonly CodecWish[]
  readonly video: readonly CodecWish[]
}): (media: RemoteMedia) => TrackPlan | undefined {
  return planFirst('send', wishes)
}

/** WHIP: the first audio and the first video m-line that wants to send. */
export function planPublish(wishes: {
  readonly audio: readonly CodecWish[]
  readonly video: readonly CodecWish[]
}): (media: RemoteMedia) => TrackPlan | undefined {
  return planFirst('receive', wishes)
}

/**
 * A browser that publishes into a room, with as many tracks as it likes: each m-line it wants to send is received when
 * `isNamed` knows its mid. The others are held, for refusing an m-line stops the browser's transceiver for good (RFC 8829 section 5.10).
 */
export function planUplink(
  isNamed: (mid: string) => boolean,
  wishes: { readonly audio: readonly CodecWish[]; readonly video: readonly CodecWish[] },
): (media: RemoteMedia) => TrackPlan | undefined {
  return (media) => {
    const sends = media.direction === 'sendonly' || media.direction === 'sendrecv'
    const codecs = media.kind === 'video' ? wishes.video : wishes.audio
    return { direction: 'receive', codecs, isHeld: !sends || !isNamed(media.mid) }
  }
}

/** Our part in the DTLS handshake: who may choose lets the browser begin, which saves a round trip (RFC 8842 section 5.3). */
export function dtlsRoleFor(offer: RemoteDescription): DtlsRole {
  return offer.setup === 'passive' ? 'client' : 'server'
}

/** What the egress needs to send an accepted m-line. */
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

function planFirst(
  direction: TrackPlan['direction'],
  wishes: { readonly audio: readonly CodecWish[]; readonly video: readonly CodecWish[] },
): (media: RemoteMedia) => TrackPlan | undefined {
  const taken = new Set<string>()
  return (media) => {
    const codecs = media.kind === 'video' ? wishes.video : wishes.audio
    const peerDirection = direction === 'send' ? 'recvonly' : 'sendonly'
    const fits = media.direction === peerDirection || media.direction === 'sendrecv'
    if (!fits || codecs.length === 0 || taken.has(media.kind)) return undefined
    taken.add(media.kind)
    return { direction, codecs }
  }
}

function negotiateMedia(media: RemoteMedia, plan: TrackPlan, ssrcs: SsrcSource): NegotiatedMedia | string {
  const matches = plan.codecs
    .map((wish) => chooseCodec(media, wish, plan.direction))
    .filter((codec) => codec !== undefined)
  const codecs = plan.direction === 'send' ? matches.slice(0, 1) : matches
  if (codecs.length === 0) return refusalOf(media, plan)
  const kind = media.kind as 'audio' | 'video'
  return {
    mid: media.mid,
    kind,
    direction: plan.direction,
    codecs,
    extensions: chooseExtensions(media, kind, plan.direction),
    ...(plan.direction === 'send' && { local: ssrcs.stream(codecs[0]!.rtxPayloadType !== undefined) }),
    remote: plan.direction === 'receive' ? media.streams : [],
    rids: plan.direction === 'receive' ? media.sendRids : [],
    ...(plan.isHeld === true && { isHeld: true }),
  }
}

function chooseExtensions(
  media: RemoteMedia,
  kind: 'audio' | 'video',
  direction: 'send' | 'receive',
): HeaderExtensionIds {
  const chosen: Partial<Record<HeaderExtensionName, number>> = {}
  for (const name of EXTENSIONS[kind][direction]) {
    const id = media.extensions[name]
    // Send times serve receivers that estimate by themselves; where the feedback is transport-wide they are dead weight.
    const isNeedless = name === 'absSendTime' && media.extensions.transportSequence !== undefined
    const oneWay = media.oneWayExtensions.get(name)
    const goesOurWay = oneWay === undefined || oneWay === (direction === 'send' ? 'recvonly' : 'sendonly')
    if (id !== undefined && !isNeedless && goesOurWay) chosen[name] = id
  }
  return chosen
}

function refusalOf(media: RemoteMedia, plan: TrackPlan): string {
  const wanted = plan.codecs.map((wish) =>
    wish.codec === 'h264' ? 'H.264 (packetization-mode=1)' : wish.codec.toUpperCase(),
  )
  const offered = [...new Set(media.codecs.map((codec) => codec.name.toUpperCase()))].slice(0, 16)
  return `No codec fits for ${media.kind}: wanted ${wanted.join(' or ')}, offered ${offered.join(', ') || 'none'}.`
}
