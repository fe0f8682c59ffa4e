import type { MediaDescription } from 'sdp-transform'
import type { HeaderExtensionIds, HeaderExtensionName } from '../rtp/extensions.js'
import type { NegotiatedCodec } from './codec-choice.js'
import {
  codecLines,
  extensionLines,
  sendingLines,
  transportLines,
  writeDescription,
  type LocalDescription,
} from './description-lines.js'
import { SdpError } from './error.js'
import type { NegotiatedMedia } from './negotiate.js'
import type { RemoteDescription } from './remote-description.js'
import type { RemoteCodec, RemoteMedia } from './remote-media.js'
import type { LocalStream } from './ssrc-source.js'

/** One m-line of an offer: it sends `stream`, or is inactive and keeps its place (RFC 3264 section 8.2). */
export interface OfferedMedia {
  readonly mid: string
  readonly kind: 'audio' | 'video'
  /** Absent: nothing is sent on it at present. */
  readonly stream?: LocalStream
  /** Name of the MediaStream; tracks with the same name play in sync. `[A-Za-z0-9_-]`, at most 64 characters. */
  readonly streamId: string
}

export type OfferLocal = Omit<LocalDescription, 'dtlsRole' | 'streamId'>

/** RTX without an own limit of time, feedback per packet, and a picture when one is lost for good. */
const VIDEO_FEEDBACK = ['transport-cc', 'nack', 'nack pli']
const H264_FORMAT = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id='

const AV1_FORMAT = 'level-idx=5;profile=0;tier=0'
const H265_FORMAT = 'level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST'
const NAMES = { h264: 'H264', vp8: 'VP8', h265: 'H265', av1: 'AV1' } as const

const videoCodec = (payloadType: number, codec: keyof typeof NAMES, format = ''): NegotiatedCodec => ({
  codec,
  payloadType,
  clockRate: 90_000,
  channels: 1,
  rtpName: NAMES[codec],
  format,
  feedback: VIDEO_FEEDBACK,
  rtxPayloadType: payloadType + 1,
})

/**
 * The codecs offered on every m-line of a kind, with the same payload types in all descriptions: H.264 for every
 * decoder, H.264 High for decoders that distinguish it, VP8 for browsers without H.264, H.265 and AV1 for those that take them as they
 * were published.
 */
export const OFFERED_CODECS: Readonly<Record<'audio' | 'video', readonly NegotiatedCodec[]>> = {
  video: [
    videoCodec(102, 'h264', `${H264_FORMAT}42e01f`),
    videoCodec(104, 'h264', `${H264_FORMAT}64001f`),
    videoCodec(96, 'vp8'),
    videoCodec(100, 'h265', H265_FORMAT),
    videoCodec(98, 'av1', AV1_FORMAT),
  ],
  audio: [
    {
      codec: 'opus',
      payloadType: 111,
      clockRate: 48_000,
      channels: 2,
      rtpName: 'opus',
      // sprop-stereo: the sent audio may have two channels (RFC 7587 section 6.1).
      format: 'minptime=10;useinbandfec=1;sprop-stereo=1',
      feedback: ['transport-cc'],
      redPayloadType: 63,
    },
  ],
}

/** The same in all m-lines, as a bundle demands (RFC 9143 section 9.1). */
const EXTENSION_IDS: Readonly<Record<'audio' | 'video', HeaderExtensionIds>> = {
  video: { mid: 1, transportSequence: 2, absSendTime: 3, absCaptureTime: 4, playoutDelay: 6, videoOrientation: 7 },
  audio: { mid: 1, transportSequence: 2, absSendTime: 3, absCaptureTime: 4, audioLevel: 5 },
}

/**
 * An offer for sending. It must contain all m-lines ever offered in the session, in order (RFC 3264 section 8).
 * `codecs` are `OFFERED_CODECS`, or those that the peer accepted before.
 */
export function writeOffer(
  media: readonly OfferedMedia[],
  codecs: Readonly<Record<'audio' | 'video', readonly NegotiatedCodec[]>>,
  local: OfferLocal,
): string {
  const lines = media.map((own, index) => offeredMedia(own, codecs[own.kind], local, index === 0))
  const bundle = media.map(({ mid }) => mid)
  return writeDescription(lines, bundle, local, true)
}

/**
 * The m-lines that the peer receives, after its answer to an offer of `offered`. The codecs of each are all that it took,
 * in our order. Throws SdpError `SDP_INVALID` when the answer does not have the offer's m-lines.
 */
export function negotiateAnswer(offered: readonly OfferedMedia[], answer: RemoteDescription): NegotiatedMedia[] {
  if (answer.media.length !== offered.length) {
    throw new SdpError(
      'SDP_INVALID',
      `The answer has ${answer.media.length} m-lines, the offer ${offered.length} (RFC 3264 section 6).`,
    )
  }
  if (answer.setup === 'actpass') {
    throw new SdpError('SDP_INVALID', 'An answer says "a=setup:active" or "passive" (RFC 5763 section 5).')
  }
  return offered.flatMap((own, index) => {
    const remote = answer.media[index]!
    if (remote.mid !== own.mid || remote.kind !== own.kind) {
      throw new SdpError(
        'SDP_INVALID',
        `m-line ${index} was offered as ${own.kind} ${own.mid}; the answer has ${remote.kind.slice(0, 16)} ${remote.mid}.`,
      )
    }
    const media = acceptedMedia(own, remote)
    return media === undefined ? [] : [media]
  })
}

function offeredMedia(
  own: OfferedMedia,
  codecs: readonly NegotiatedCodec[],
  local: OfferLocal,
  isTagged: boolean,
): MediaDescription {
  const media: NegotiatedMedia = {
    ...{ mid: own.mid, kind: own.kind, direction: 'send', codecs, extensions: EXTENSION_IDS[own.kind] },
    ...(own.stream !== undefined && { local: own.stream }),
    ...{ remote: [], rids: [] },
  }
  return {
    type: own.kind,
    port: 9,
    protocol: 'UDP/TLS/RTP/SAVPF',
    connection: { version: 4, ip: '0.0.0.0' },
    mid: own.mid,
    ext: extensionLines(media),
    direction: own.stream === undefined ? 'inactive' : 'sendonly',
    ...codecLines(codecs),
    ...transportLines(local, 'actpass', isTagged),
    ...sendingLines(media, own.streamId, local.cname),
  }
}

/** Undefined when the peer does not want it, or can decode nothing of what we offer. */
function acceptedMedia(own: OfferedMedia, remote: RemoteMedia): NegotiatedMedia | undefined {
  const receives = remote.direction === 'recvonly' || remote.direction === 'sendrecv'
  if (own.stream === undefined || !remote.isUsable || !receives) return undefined
  const codecs = OFFERED_CODECS[own.kind].flatMap((codec) => acceptedCodec(codec, remote.codecs) ?? [])
  if (codecs.length === 0) return undefined
  return {
    mid: own.mid,
    kind: own.kind,
    direction: 'send',
    codecs,
    extensions: acceptedExtensions(own.kind, remote),
    local: own.stream,
    remote: [],
    rids: [],
  }
}

/** An answer may leave out RTX, RED and feedback, and must keep the payload types of the offer. */
function acceptedCodec(own: NegotiatedCodec, codecs: readonly RemoteCodec[]): NegotiatedCodec | undefined {
  const remote = codecs.find(({ payloadType }) => payloadType === own.payloadType)
  if (remote?.name !== own.rtpName.toLowerCase()) return undefined
  const { rtxPayloadType, redPayloadType, feedback, ...codec } = own
  return {
    ...codec,
    feedback: feedback.filter((entry) => remote.feedback.has(entry)),
    ...(rtxPayloadType === remote.rtxPayloadType && rtxPayloadType !== undefined && { rtxPayloadType }),
    ...(redPayloadType === remote.redPayloadType && redPayloadType !== undefined && { redPayloadType }),
  }
}

function acceptedExtensions(kind: 'audio' | 'video', remote: RemoteMedia): HeaderExtensionIds {
  const accepted: Partial<Record<HeaderExtensionName, number>> = {}
  const offered = EXTENSION_IDS[kind]
  for (const name of Object.keys(offered) as HeaderExtensionName[]) {
    const oneWay = remote.oneWayExtensions.get(name)
    const goesOurWay = oneWay === undefined || oneWay === 'recvonly'
    // Send times serve receivers that estimate by themselves; where the feedback is transport-wide they are dead weight.
    const isNeedless = name === 'absSendTime' && remote.extensions.transportSequence !== undefined
    if (remote.extensions[name] === offered[name] && goesOurWay && !isNeedless) accepted[name] = offered[name]!
  }
  return accepted
}
