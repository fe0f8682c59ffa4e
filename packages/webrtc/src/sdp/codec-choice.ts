import type { VideoCodec } from '@crossroom/media'
import { h264ProfileDistance, h264ProfileOf } from './h264-profile.js'
import { parseFormat, type RemoteCodec, type RemoteMedia } from './remote-media.js'

export type RtcCodec = VideoCodec | 'opus'

/** A codec that this server can send or wants to receive on a track, in order of preference. */
export interface CodecPreference {
  readonly codec: RtcCodec
  /** H.264: profile of the stream to be sent, or the one to be received; default Constrained Baseline at level 3.1. */
  readonly profileLevelId?: string
  /** H.264: the stream is sent in single NAL units (packetization mode 0). */
  readonly isSingle?: boolean
  /** For sending: answered beside a better one as well, because the stream may become it. */
  readonly isFallback?: boolean
  /** Opus: the stream to be sent has two channels. */
  readonly isStereo?: boolean
  /** Opus: also negotiate redundancy (RFC 2198) where the peer has it. */
  readonly useRed?: boolean
}

/** A codec both sides agreed on. */
export interface NegotiatedCodec {
  readonly codec: RtcCodec
  readonly payloadType: number
  /** Hz of the RTP clock. */
  readonly clockRate: number
  readonly channels: number
  /** Name as in the rtpmap. */
  readonly rtpName: string
  /** The fmtp of our answer; empty for none. */
  readonly format: string
  /** The feedback of our answer, in SDP spelling. */
  readonly feedback: readonly string[]
  readonly rtxPayloadType?: number
  readonly redPayloadType?: number
}

const rtpNames: Readonly<Record<RtcCodec, { readonly name: string; readonly clockRate: number }>> = {
  h264: { name: 'H264', clockRate: 90_000 },
  h265: { name: 'H265', clockRate: 90_000 },
  vp8: { name: 'VP8', clockRate: 90_000 },
  vp9: { name: 'VP9', clockRate: 90_000 },
  av1: { name: 'AV1', clockRate: 90_000 },
  opus: { name: 'opus', clockRate: 48_000 },
}

/** The supported feedback, in the order of writing. */
const VIDEO_FEEDBACK = ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']
const AUDIO_FEEDBACK = ['transport-cc', 'nack']

/** Of the codecs that were agreed on, the one to send a stream of that codec and (H.264) profile with. */
export function nearestCodec(
  codecs: readonly NegotiatedCodec[],
  codec: RtcCodec,
  profileLevelId: string | undefined,
): NegotiatedCodec | undefined {
  const candidates = codecs.filter((candidate) => candidate.codec === codec)
  if (codec !== 'h264' || candidates.length < 2) return candidates[0]
  const wanted = h264ProfileOf(profileLevelId) ?? 'constrained-baseline'
  const distanceOf = ({ format }: NegotiatedCodec): number => {
    const offered = h264ProfileOf(parseFormat(format).get('profile-level-id'))
    return offered === undefined ? Infinity : h264ProfileDistance(wanted, offered)
  }
  return candidates.reduce((best, next) => (distanceOf(next) < distanceOf(best) ? next : best))
}

/** The best payload type of the m-line for one codec preference, or undefined. `direction` is ours. */
export function chooseCodec(
  media: RemoteMedia,
  preference: CodecPreference,
  direction: 'send' | 'receive',
): NegotiatedCodec | undefined {
  const remote = findCodec(media, preference, direction)
  if (remote === undefined) return undefined
  const { name, clockRate } = rtpNames[preference.codec]
  const { payloadType, rtxPayloadType, redPayloadType } = remote
  return {
    codec: preference.codec,
    payloadType,
    clockRate,
    channels: remote.channels,
    rtpName: name,
    format: answerFormat(remote, preference, direction),
    feedback: answerFeedback(remote, preference, direction),
    ...(rtxPayloadType !== undefined && { rtxPayloadType }),
    ...(preference.useRed === true && redPayloadType !== undefined && { redPayloadType }),
  }
}

function findCodec(
  media: RemoteMedia,
  preference: CodecPreference,
  direction: 'send' | 'receive',
): RemoteCodec | undefined {
  const { name, clockRate } = rtpNames[preference.codec]
  const candidates = media.codecs.filter((codec) => codec.name === name.toLowerCase() && codec.clockRate === clockRate)
  switch (preference.codec) {
    case 'h264':
      return (
        nearestH264(candidates.filter(isFragmentable), preference.profileLevelId) ??
        (direction === 'receive' || preference.isSingle === true
          ? nearestH264(candidates, preference.profileLevelId)
          : undefined)
      )
    case 'vp9':
      // 8 bits, 4:2:0: what every decoder has (RFC 9628 section 6.1).
      return candidates.find((codec) => (codec.parameters.get('profile-id') ?? '0') === '0')
    case 'h265':
      // Main profile and tier, which is what browsers have (RFC 7798 section 7.1; absent, the values are these).
      return candidates.find(
        ({ parameters }) =>
          (direction === 'receive' || (parameters.get('profile-id') ?? '1') === '1') &&
          (parameters.get('tx-mode') ?? 'SRST') === 'SRST',
      )
    case 'av1':
      return candidates.find((codec) => (codec.parameters.get('profile') ?? '0') === '0')
    default:
      return candidates[0]
  }
}

/**
 * Large pictures need FU-A, which only packetization-mode 1 has; an absent mode means 0 (RFC 6184 sections 6.2 and
 * 8.1).
 */
export function isFragmentable({ parameters }: RemoteCodec): boolean {
  return parameters.get('packetization-mode') === '1'
}

/** The payload type whose profile is nearest. */
function nearestH264(candidates: readonly RemoteCodec[], profileLevelId: string | undefined): RemoteCodec | undefined {
  const wanted = h264ProfileOf(profileLevelId) ?? 'constrained-baseline'
  let best: RemoteCodec | undefined
  let bestDistance = Infinity
  for (const codec of candidates) {
    // No sender uses interleaved packets (mode 2).
    if (codec.parameters.get('packetization-mode') === '2') continue
    const offered = h264ProfileOf(codec.parameters.get('profile-level-id'))
    if (offered === undefined) continue
    const distance = h264ProfileDistance(wanted, offered)
    if (distance >= bestDistance) continue
    best = codec
    bestDistance = distance
  }
  return best
}

/**
 * Kilobits per second below which a publisher shall not go. Chromium takes random loss for a full path: at 30 % it falls
 * below what its own picture needs, and half of the frames never leave it. Others do not know the parameter.
 */
const LEAST_BITRATE = 'x-google-min-bitrate=200'

/**
 * The peer's own parameters are echoed: they describe what it can decode. For received media our requests are added.
 */
function answerFormat(remote: RemoteCodec, preference: CodecPreference, direction: 'send' | 'receive'): string {
  if (preference.codec === 'opus') return opusFormat(remote, preference, direction)
  if (direction === 'send') return remote.format
  return remote.format === '' ? LEAST_BITRATE : `${remote.format};${LEAST_BITRATE}`
}

function opusFormat(remote: RemoteCodec, preference: CodecPreference, direction: 'send' | 'receive'): string {
  const parts = remote.format
    .split(';')
    .filter((part) => part !== '' && !/^\s*(useinbandfec|stereo|sprop-stereo)=/.test(part))
  parts.push('useinbandfec=1')
  if (direction === 'receive') parts.push('stereo=1')
  else if (preference.isStereo === true) parts.push('sprop-stereo=1')
  return parts.map((part) => part.trim()).join(';')
}

/**
 * What we send is retransmitted by RTX only: with AES-GCM a packet is never encrypted twice. So a peer without RTX gets no
 * `nack` for that codec and repairs by `nack pli`. What we receive may be resent in any way the peer likes.
 */
function answerFeedback(remote: RemoteCodec, preference: CodecPreference, direction: 'send' | 'receive'): string[] {
  const known = preference.codec === 'opus' ? AUDIO_FEEDBACK : VIDEO_FEEDBACK
  const canResend = direction === 'receive' || remote.rtxPayloadType !== undefined
  return known.filter((entry) => remote.feedback.has(entry) && (entry !== 'nack' || canResend))
}
