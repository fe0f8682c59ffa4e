import {
  audioConfigFromOpusHead,
  buildOpusHead,
  type AudioConfig,
  type MediaFrame,
  type Micros,
  type Orientation,
  type VideoConfig,
} from '@crossroom/media'
import type { Depacketizer } from '../depacketizer/depacketizer.js'
import type { FrameStore } from '../depacketizer/frame-store.js'
import { Av1Depacketizer } from '../depacketizer/av1.js'
import { H264Depacketizer } from '../depacketizer/h264.js'
import { H265Depacketizer } from '../depacketizer/h265.js'
import { OpusDepacketizer } from '../depacketizer/opus.js'
import { parseRed } from '../depacketizer/red.js'
import { Vp8Depacketizer } from '../depacketizer/vp8.js'
import { Vp9Depacketizer } from '../depacketizer/vp9.js'
import type { SenderReport } from '../rtcp/sender-report.js'
import { rtpPayload, type RtpHeader } from '../rtp/header.js'
import { microsFromNtp } from '../rtp/ntp.js'
import { SequenceUnwrapper } from '../rtp/sequence.js'
import type { NegotiatedCodec, RtcCodec } from '../sdp/codec-choice.js'
import { FrameBuffer, type AssembledFrame } from './frame-buffer.js'
import { KeyframeRequest } from './keyframe-request.js'
import { NackList, REORDER_DELAY, RETRY_MARGIN } from './nack-list.js'
import { NtpClock } from './ntp-clock.js'
import { ABSENT, type PacketFacts } from './packet-ring.js'
import { ReceptionStatistics } from './reception-statistics.js'
import type { TrackClock } from './track-clock.js'
import { createVideoConfigs, type VideoConfigs } from './video-configs.js'

/**
 * How long a hole is waited for, in round trips and with bounds: video twenty, enough for a dozen NACKs, which get through
 * 30 % loss both ways, and no longer than a keyframe takes to come over such a path. Sound not much longer than one request takes:
 * its conversion goes on with silence 240 ms after the last of it, and all that comes later is left out. Where nothing is repeated, as
 * long as reordering and redundant packets take.
 */
const VIDEO_WAIT = { roundTrips: 20, min: 250_000, max: 1_500_000 } as const
const AUDIO_WAIT = { roundTrips: 4, min: 60_000, max: 100_000 } as const
const WAIT_WITHOUT_NACK: Micros = 60_000
/** Before the first request was answered: some senders agree to NACK and repeat nothing, as OBS did. */
const WAIT_UNTIL_ANSWERED: Micros = 250_000
/** If a complete keyframe follows the hole: one request and its answer. */
const KEYFRAME_WAIT = { roundTrips: 1.5, min: 60_000 } as const

/** The stereo bit of the TOC byte (RFC 6716 section 3.1). */
const OPUS_STEREO = 0x04

const NO_FACTS: PacketFacts = { orientation: ABSENT, audioLevel: ABSENT, captureNtp: ABSENT }

const DEPACKETIZERS: Readonly<Record<RtcCodec, (store: FrameStore) => Depacketizer>> = {
  h264: (store) => new H264Depacketizer(store),
  h265: (store) => new H265Depacketizer(store),
  vp8: (store) => new Vp8Depacketizer(store),
  vp9: (store) => new Vp9Depacketizer(store),
  av1: (store) => new Av1Depacketizer(store),
  opus: (store) => new OpusDepacketizer(store),
}

/** While it is being made. */
type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** Packets that one stream's counters tell apart from the buffer's. */
export interface ReceivedStreamCounters {
  packets: number
  retransmissions: number
  /** Packets that RED brought back. */
  redundant: number
  /** Payload types that were not negotiated, malformed RED. */
  unusable: number
}

/** One RTP stream of a peer, from its packets to frames: a track or a simulcast layer. */
export class ReceivedStream {
  readonly ssrc: number
  readonly kind: 'video' | 'audio'
  readonly mid: string
  readonly rid: string | undefined
  readonly statistics: ReceptionStatistics
  readonly keyframes = new KeyframeRequest()
  readonly counters: ReceivedStreamCounters = { packets: 0, retransmissions: 0, redundant: 0, unusable: 0 }
  readonly nacks = new NackList()
  readonly clock: TrackClock
  /** Whether the peer answers NACK for what it sends now. */
  canNack = false
  /** The message that requests a keyframe; undefined if the peer supports neither. */
  keyframeMessage: 'pli' | 'fir' | undefined
  readonly #ntpClock: NtpClock
  #codecs: readonly NegotiatedCodec[]
  readonly #unwrapper = new SequenceUnwrapper()
  readonly #frames: FrameStore
  #codec: NegotiatedCodec | undefined
  #buffer: FrameBuffer | undefined
  #videoConfigs: VideoConfigs | undefined
  #audioConfig: AudioConfig | undefined
  #orientation: Orientation = 0

  constructor(options: {
    readonly ssrc: number
    readonly kind: 'video' | 'audio'
    readonly mid: string
    readonly rid: string | undefined
    readonly codecs: readonly NegotiatedCodec[]
    readonly clock: TrackClock
    readonly ntpClock: NtpClock
    readonly frames: FrameStore
  }) {
    this.ssrc = options.ssrc
    this.kind = options.kind
    this.mid = options.mid
    this.rid = options.rid
    this.clock = options.clock
    this.#ntpClock = options.ntpClock
    this.#frames = options.frames
    this.#codecs = options.codecs
    this.statistics = new ReceptionStatistics(options.codecs[0]!.clockRate)
  }

  /** Applies the codecs of a renegotiation. Reception continues where the payload type is unchanged. */
  setCodecs(codecs: readonly NegotiatedCodec[]): void {
    this.#codecs = codecs
    const { codec, payloadType } = this.#codec ?? {}
    this.#codec = codecs.find((one) => one.codec === codec && one.payloadType === payloadType)
  }

  get codec(): RtcCodec | undefined {
    return this.#codec?.codec
  }

  /** The jitter buffer's counters; undefined before the first packet. */
  get bufferCounters(): FrameBuffer['counters'] | undefined {
    return this.#buffer?.counters
  }

  /** Longest wait for a hole, from the round trip. */
  setRoundTrip(roundTrip: Micros): void {
    if (this.#buffer === undefined) return
    this.#buffer.waitLimit = this.#waitLimit(roundTrip)
    this.#buffer.keyframeWait = Math.max(KEYFRAME_WAIT.roundTrips * roundTrip, KEYFRAME_WAIT.min)
  }

  get #isRepaired(): boolean {
    return this.canNack && this.nacks.answers !== 'never'
  }

  /** As long as a repair can still come. */
  #waitLimit(roundTrip: Micros): Micros {
    if (!this.#isRepaired) return WAIT_WITHOUT_NACK
    const wait = this.kind === 'video' ? VIDEO_WAIT : AUDIO_WAIT
    const limit = Math.min(Math.max(wait.roundTrips * roundTrip, wait.min), wait.max)
    return this.nacks.answers === 'known' ? limit : Math.min(limit, WAIT_UNTIL_ANSWERED)
  }

  /**
   * Takes a packet, of which the payload is copied. Answers a sample of the round trip time when it was asked for once.
   */
  onPacket(
    packet: Uint8Array,
    header: RtpHeader,
    arrivedAt: Micros,
    isRetransmission: boolean,
    facts: PacketFacts,
  ): Micros | undefined {
    const codec = this.#codecOf(header.payloadType)
    if (codec === undefined || (isRetransmission && this.#buffer === undefined)) {
      this.counters.unusable++
      return undefined
    }
    const buffer = this.#bufferFor(codec)
    const { sequenceNumber, timestamp } = header
    const sequence = isRetransmission ? this.#unwrapper.peek(sequenceNumber) : this.#unwrapper.unwrap(sequenceNumber)
    if (isRetransmission) this.counters.retransmissions++
    else this.statistics.onPacket(sequence, timestamp, arrivedAt)
    this.counters.packets++
    const roundTrip = this.nacks.received(sequence, arrivedAt)
    if (this.nacks.takeHopeless()) buffer.skipTo(sequence)
    if (!buffer.wants(sequence) && sequence >= buffer.next) return roundTrip
    let bytes = packet
    let offset = header.payloadOffset
    let length = header.payloadLength
    if (header.payloadType === codec.redPayloadType) {
      bytes = this.#takeRed(buffer, codec, rtpPayload(packet, header), sequence, timestamp, arrivedAt)
      offset = 0
      length = bytes.length
    }
    const answer = buffer.insert(sequence, timestamp, header.marker, bytes, offset, length, arrivedAt, facts)
    if (answer === 'restarted') this.nacks.clear()
    return roundTrip
  }

  #codecOf(payloadType: number): NegotiatedCodec | undefined {
    return this.#codecs.find((codec) => codec.payloadType === payloadType || codec.redPayloadType === payloadType)
  }

  #bufferFor(codec: NegotiatedCodec): FrameBuffer {
    if (this.#codec === codec) return this.#buffer!
    const depacketizer = DEPACKETIZERS[codec.codec](this.#frames)
    if (this.#buffer === undefined) this.#buffer = new FrameBuffer(this.kind, depacketizer)
    else this.#buffer.replaceDepacketizer(depacketizer)
    this.#codec = codec
    this.canNack = codec.feedback.includes('nack')
    this.keyframeMessage = codec.feedback.includes('nack pli')
      ? 'pli'
      : codec.feedback.includes('ccm fir')
        ? 'fir'
        : undefined
    this.#videoConfigs = codec.codec === 'opus' ? undefined : createVideoConfigs(codec.codec)
    this.nacks.clear()
    return this.#buffer
  }

  /** Files the redundant blocks of a RED payload in the holes they fit and returns the primary, empty when there is none. */
  #takeRed(
    buffer: FrameBuffer,
    codec: NegotiatedCodec,
    payload: Uint8Array,
    sequence: number,
    timestamp: number,
    arrivedAt: Micros,
  ): Uint8Array {
    const blocks = parseRed(payload)
    if (blocks === undefined) this.counters.unusable++
    let primary = payload.subarray(payload.length)
    for (const block of blocks ?? []) {
      if (block.payloadType !== codec.payloadType) continue
      const of = sequence - block.packetsBack
      if (block.packetsBack === 0) {
        primary = block.payload
      } else if (buffer.next > 0 && of >= buffer.next && buffer.wants(of)) {
        const blockTimestamp = (timestamp - block.timestampOffset) >>> 0
        buffer.insert(of, blockTimestamp, false, block.payload, 0, block.payload.length, arrivedAt, NO_FACTS)
        this.nacks.received(of, arrivedAt)
        this.counters.redundant++
      }
    }
    return primary
  }

  /** The next frame that is ready; undefined when there is none now. */
  pollFrame(now: Micros, roundTrip: Micros): MediaFrame | undefined {
    const buffer = this.#buffer
    if (buffer === undefined) return undefined
    for (let assembled = buffer.poll(now); assembled !== undefined; assembled = buffer.poll(now)) {
      const frame = this.#toFrame(buffer, assembled, now, roundTrip)
      if (frame !== undefined) return frame
    }
    this.nacks.forgetBefore(buffer.next)
    if (this.kind === 'video') this.#wantKeyframe(buffer, now, roundTrip)
    return undefined
  }

  /** Decoding stops, or will stop, at a gap that cannot be repaired: request a keyframe before the gap is given up. */
  #wantKeyframe(buffer: FrameBuffer, now: Micros, roundTrip: Micros): void {
    const { gapSince } = buffer
    if (buffer.needsKeyframe) this.keyframes.needForLoss(now, !buffer.hasLost)
    else if (gapSince === undefined) this.keyframes.noLoss()
    else if (!this.#isRepaired) this.keyframes.needForLoss(gapSince + REORDER_DELAY, false)
    else if (this.nacks.answers === 'unknown')
      this.keyframes.needForLoss(gapSince + REORDER_DELAY + roundTrip + RETRY_MARGIN, false)
  }

  /** When `pollFrame` gives up a hole. */
  deadline(): Micros | undefined {
    return this.#buffer?.deadline()
  }

  /** A packet or a keyframe is waited for, which is to be asked for or given up at some time. */
  get isWaiting(): boolean {
    return this.nacks.size > 0 || this.deadline() !== undefined || this.keyframes.dueAt() !== undefined
  }

  onSenderReport(report: SenderReport, arrivedAt: Micros): void {
    this.statistics.onSenderReport(report, arrivedAt)
    // A sender without a clock writes zero (RFC 3550 section 6.4.1).
    if (report.ntpTime.seconds === 0) return
    this.clock.onSenderTime(microsFromNtp(report.ntpTime), report.rtpTimestamp)
  }

  #toFrame(buffer: FrameBuffer, assembled: AssembledFrame, now: Micros, roundTrip: Micros): MediaFrame | undefined {
    const isEntry = assembled.keyframe || assembled.recovery !== undefined
    const configured = this.kind === 'video' ? this.#configureVideo(assembled) : this.#configureAudio(assembled)
    if (configured === undefined) {
      if (isEntry) buffer.requireKeyframe()
      return undefined
    }
    const { config } = configured
    // The camera was turned, or a layer came or went: that is told with the next keyframe.
    if (config.kind === 'video' && this.#differs(config, assembled)) this.keyframes.needForViewer(now)
    if (assembled.keyframe) this.keyframes.onKeyframe()
    const { rtpTimestamp, captureNtp } = assembled
    const pts = this.clock.timeOf(rtpTimestamp, assembled.firstArrivedAt)
    if (captureNtp !== ABSENT) this.clock.onSenderTime(captureNtp, rtpTimestamp)
    const captureTime = this.#captureTime(assembled, roundTrip)
    const frame: Writable<MediaFrame> = {
      config,
      pts,
      dts: pts,
      keyframe: assembled.keyframe,
      units: configured.units,
      receivedAt: assembled.lastArrivedAt,
      droppable: assembled.droppable,
    }
    if (assembled.recovery !== undefined) frame.recovery = assembled.recovery
    if (captureTime !== undefined) frame.captureTime = captureTime
    if (assembled.audioLevel !== ABSENT) frame.audioLevel = assembled.audioLevel
    return frame
  }

  #differs(config: VideoConfig, { size }: AssembledFrame): boolean {
    const isResized = size !== undefined && (size.width !== config.width || size.height !== config.height)
    return isResized || config.orientation !== this.#orientation
  }

  #captureTime(assembled: AssembledFrame, roundTrip: Micros): Micros | undefined {
    const ntp = assembled.captureNtp === ABSENT ? this.clock.ntpOf(assembled.rtpTimestamp) : assembled.captureNtp
    if (ntp === undefined) return undefined
    this.#ntpClock.onCapture(ntp, assembled.firstArrivedAt)
    return this.#ntpClock.toServer(ntp, roundTrip)
  }

  #configureVideo(assembled: AssembledFrame): Pick<MediaFrame, 'config' | 'units'> | undefined {
    // Senders repeat the orientation on keyframes only, or only while it is not 0: the last one said holds.
    if (assembled.orientation !== ABSENT) this.#orientation = assembled.orientation as Orientation
    return this.#videoConfigs?.configure(
      assembled.units,
      assembled.keyframe || assembled.recovery !== undefined,
      this.#orientation,
    )
  }

  /**
   * SDP always says two channels (RFC 7587 section 7); the packets tell. A track that was once stereo stays stereo,
   * because encoders switch.
   */
  #configureAudio(assembled: AssembledFrame): Pick<MediaFrame, 'config' | 'units'> | undefined {
    const channels = (assembled.units[0]![0]! & OPUS_STEREO) !== 0 ? 2 : 1
    if (this.#audioConfig === undefined || this.#audioConfig.channels < channels) {
      this.#audioConfig = audioConfigFromOpusHead(buildOpusHead({ channels, preSkip: 0, inputSampleRate: 48_000 }))
    }
    return this.#audioConfig && { config: this.#audioConfig, units: assembled.units }
  }
}
