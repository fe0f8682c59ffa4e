import { Outbox, type Machine, type MediaFrame, type Micros, type Polled } from '@crossroom/media'
import { FrameStore } from '../depacketizer/frame-store.js'
import { parseCompound } from '../rtcp/compound.js'
import { createRtpHeader, parseRtpHeader, type RtpHeader } from '../rtp/header.js'
import { restoreFromRtx } from '../rtp/rtx.js'
import { datagramKind } from '../transport/datagram-kind.js'
import type { MediaReceiver } from '../transport/peer-transport.js'
import { RateLimit } from '../transport/rate-limit.js'
import { FactsReader } from './facts-reader.js'
import { NtpClock } from './ntp-clock.js'
import { MAX_RTP_PACKET_BYTES } from './payload-store.js'
import { ReceivedStream } from './received-stream.js'
import { ReceiverRtcp } from './receiver-rtcp.js'
import { RembEstimator } from './remb-estimator.js'
import { MAX_SOURCES, SourceTable, type ReceivedMedia, type Source } from './source-table.js'
import { TrackClock } from './track-clock.js'

/** Until NACKs have shown the round trip. */
const INITIAL_ROUND_TRIP: Micros = 100_000
const MAX_ROUND_TRIP: Micros = 2_000_000

/** Packets per second of one peer: three cameras of 10 Mbit/s (threat W7). */
export const MAX_PACKETS_PER_SECOND = 6000

export interface RtpReceiverOptions {
  /** When the receiver was made. */
  readonly now: Micros
  /** The m-lines that were accepted for receiving. */
  readonly media: readonly ReceivedMedia[]
  /** Our own SSRC in reports and requests. */
  readonly ssrc: number
  /** Our CNAME (RFC 7022): up to 255 characters of ASCII. */
  readonly cname: string
  /** Memory for assembling frames; one for all receivers of a process is best. Default: a new one. */
  readonly frames?: FrameStore
}

export type RtpReceiverEvent =
  | { readonly kind: 'frame'; readonly mid: string; readonly rid: string | undefined; readonly frame: MediaFrame }
  /** The sender said BYE: nothing more will come of this stream until another SSRC takes its place. */
  | { readonly kind: 'ended'; readonly mid: string; readonly rid: string | undefined }

/** Packets that led to nothing, by reason. */
export interface RtpReceiverCounters {
  malformed: number
  /** From an SSRC that no m-line explains, or beyond 16 of them. */
  unknownSource: number
  overRate: number
  /** RTCP of types that are not used, and malformed ones. */
  unusedRtcp: number
}

/**
 * The receiving side of one peer: RTP and RTCP in, frames and RTCP out. It requests missing packets (NACK) and
 * keyframes after unrepaired loss (PLI), and reports the quality of the path (receiver reports, transport-wide feedback
 * or REMB).
 */
export class RtpReceiver implements MediaReceiver, Machine<Uint8Array, Uint8Array, RtpReceiverEvent> {
  readonly #rtcp: ReceiverRtcp
  readonly #sources = new SourceTable()
  readonly #streams = new Map<number, ReceivedStream>()
  readonly #facts = new FactsReader()
  readonly #ntpClock = new NtpClock()
  readonly #rate: RateLimit
  readonly #frames: FrameStore
  readonly #header: RtpHeader = createRtpHeader()
  readonly #outbox = new Outbox<Uint8Array, RtpReceiverEvent>()
  /** SSRCs whose track goes on under another one: what still comes of them is old. The latest `MAX_SOURCES`. */
  readonly #retired = new Set<number>()
  #remb: RembEstimator | undefined
  #roundTrip = INITIAL_ROUND_TRIP
  /** Undefined while it may have become earlier: a packet hardly ever makes it so, and to ask costs more than the packet. */
  #wakeAt: Micros | undefined
  readonly counters: RtpReceiverCounters = { malformed: 0, unknownSource: 0, overRate: 0, unusedRtcp: 0 }

  constructor(options: RtpReceiverOptions) {
    const { now, ssrc, cname, frames = new FrameStore() } = options
    this.#frames = frames
    const send = (compound: Uint8Array): void => this.#outbox.send(compound)
    this.#rtcp = new ReceiverRtcp({ now, ssrc, cname, streams: this.#streams, send })
    this.#rate = new RateLimit(MAX_PACKETS_PER_SECOND, now)
    this.setMedia(options.media)
  }

  /** The streams that have come so far: for metrics. */
  get streams(): Iterable<ReceivedStream> {
    return this.#streams.values()
  }

  /** The path's round trip as NACKs and their answers show it. */
  get roundTrip(): Micros {
    return this.#roundTrip
  }

  /** Share of all packets that the network lost in the last second, 0 to 1. */
  get lossFraction(): number {
    return this.#rtcp.lossFraction
  }

  /** Takes the m-lines of a renegotiation; streams of those that stay go on. */
  setMedia(media: readonly ReceivedMedia[]): void {
    this.#wakeAt = undefined
    this.#sources.setMedia(media)
    this.#facts.setExtensions(this.#sources.extensions)
    for (const [ssrc, stream] of this.#streams) {
      const source = this.#sources.find(ssrc)
      if (source === undefined) this.#streams.delete(ssrc)
      else stream.setCodecs(source.media.codecs)
    }
    const hasFeedback = (name: string) => media.some((one) => one.codecs.some((codec) => codec.feedback.includes(name)))
    const useRemb = hasFeedback('goog-remb') && !hasFeedback('transport-cc')
    this.#remb = useRemb ? (this.#remb ?? new RembEstimator()) : undefined
  }

  /** A viewer of `mid` (and layer `rid`) needs a keyframe; requested at most once a second. */
  requestKeyframe(now: Micros, mid: string, rid?: string): void {
    this.#wakeAt = undefined
    for (const stream of this.#streams.values()) {
      if (stream.kind === 'video' && stream.mid === mid && stream.rid === rid) stream.keyframes.needForViewer(now)
    }
  }

  /** The path to the peer is another one: keyframes that are still missing are asked for on it. */
  pathChanged(): void {
    this.#wakeAt = undefined
    for (const stream of this.#streams.values()) stream.keyframes.pathChanged()
  }

  /** Takes a decrypted packet of either kind. */
  handleInput(now: Micros, packet: Uint8Array): void {
    if (datagramKind(packet) === 'rtcp') this.handleRtcp(now, packet)
    else this.handleRtp(now, packet)
  }

  /**
   * Takes a decrypted RTP packet, the first `length` bytes of `packet`, that arrived at `arrivedAt`, the kernel's time. The
   * bytes are changed (RTX) and not kept.
   */
  handleRtp(arrivedAt: Micros, packet: Uint8Array, length = packet.length): void {
    if (!this.#rate.take(arrivedAt)) {
      this.counters.overRate++
      return
    }
    const header = length > MAX_RTP_PACKET_BYTES ? undefined : parseRtpHeader(packet, this.#header, length)
    if (header === undefined) {
      this.counters.malformed++
      return
    }
    this.#facts.read(packet, header)
    this.#observePath(arrivedAt, length)
    const source = this.#sourceOf(packet, header)
    if (source === undefined) {
      this.counters.unknownSource++
      return
    }
    if (!source.rate.take(arrivedAt)) {
      this.counters.overRate++
      return
    }
    if (source.isRtx) this.#takeRetransmission(source, packet.subarray(0, length), header, arrivedAt)
    else this.#take(this.#streamOf(source), packet, header, arrivedAt, false)
  }

  #observePath(arrivedAt: Micros, bytes: number): void {
    const { transportSequence } = this.#facts
    if (transportSequence >= 0 && this.#rtcp.onTransportPacket(transportSequence, arrivedAt)) this.#wakeAt = undefined
    if (this.#facts.absSendTime >= 0) {
      this.#remb?.onPacket(this.#facts.absSendTime, arrivedAt, bytes, this.#roundTrip)
    }
  }

  #sourceOf(packet: Uint8Array, header: RtpHeader): Source | undefined {
    const known = this.#sources.find(header.ssrc)
    if (known !== undefined || this.#retired.has(header.ssrc)) return known
    return this.#sources.learn(header.ssrc, header.payloadType, this.#facts.identify(packet, header))
  }

  #streamOf(source: Source): ReceivedStream {
    const known = this.#streams.get(source.ssrc)
    if (known !== undefined) return known
    const clock = this.#takeOverClock(source) ?? new TrackClock(source.media.kind, source.media.codecs[0]!.clockRate)
    const stream = new ReceivedStream({
      ssrc: source.ssrc,
      kind: source.media.kind,
      mid: source.media.mid,
      rid: source.rid,
      codecs: source.media.codecs,
      clock,
      ntpClock: this.#ntpClock,
      frames: this.#frames,
    })
    this.#streams.set(source.ssrc, stream)
    this.#wakeAt = undefined
    return stream
  }

  /** A new SSRC of a track that had one: the old stream is over, time goes on. */
  #takeOverClock(source: Source): TrackClock | undefined {
    for (const [ssrc, stream] of this.#streams) {
      if (stream.mid !== source.media.mid || stream.rid !== source.rid) continue
      this.#streams.delete(ssrc)
      this.#retire(ssrc)
      stream.clock.restart()
      return stream.clock
    }
    return undefined
  }

  #retire(ssrc: number): void {
    this.#sources.remove(ssrc)
    this.#retired.add(ssrc)
    const [oldest] = this.#retired
    if (this.#retired.size > MAX_SOURCES && oldest !== undefined) this.#retired.delete(oldest)
  }

  #takeRetransmission(source: Source, packet: Uint8Array, header: RtpHeader, arrivedAt: Micros): void {
    const { payloadType } = header
    const codec = source.media.codecs.find((one) => one.rtxPayloadType === payloadType)
    const stream = this.#findStream(source.media.mid, source.rid)
    if (codec === undefined || stream === undefined) return
    const original = restoreFromRtx(packet, header, stream.ssrc, codec.payloadType)
    if (original === undefined || parseRtpHeader(original, header) === undefined) return
    this.#take(stream, original, header, arrivedAt, true)
  }

  #findStream(mid: string, rid: string | undefined): ReceivedStream | undefined {
    for (const stream of this.#streams.values()) if (stream.mid === mid && stream.rid === rid) return stream
    return undefined
  }

  #take(
    stream: ReceivedStream,
    packet: Uint8Array,
    header: RtpHeader,
    arrivedAt: Micros,
    isRetransmission: boolean,
  ): void {
    const sample = stream.onPacket(packet, header, arrivedAt, isRetransmission, this.#facts)
    if (sample !== undefined && isRetransmission) this.#onRoundTrip(sample)
    stream.setRoundTrip(this.#roundTrip)
    this.#collectFrames(stream, arrivedAt)
  }

  #onRoundTrip(sample: Micros): void {
    this.#roundTrip = Math.min(this.#roundTrip + (sample - this.#roundTrip) / 8, MAX_ROUND_TRIP)
  }

  #collectFrames(stream: ReceivedStream, now: Micros): void {
    this.#steer(stream)
    for (;;) {
      const frame = stream.pollFrame(now, this.#roundTrip)
      if (frame === undefined) break
      this.#outbox.tell({ kind: 'frame', mid: stream.mid, rid: stream.rid, frame })
    }
    if (stream.isWaiting) this.#wakeAt = undefined
  }

  /**
   * Video takes the time of the first sound that knows the sender's clock; without sound, simulcast layers take that of their
   * first, for a viewer may see one after the other.
   */
  #steer(video: ReceivedStream): void {
    if (video.kind === 'audio') return
    let layer: ReceivedStream | undefined
    for (const stream of this.#streams.values()) {
      if (stream.clock.offsetFromNtp === undefined) continue
      if (stream.kind === 'audio') return video.clock.follow(stream.clock)
      if (stream.mid === video.mid) layer ??= stream
    }
    if (layer !== undefined && layer !== video) video.clock.follow(layer.clock)
  }

  /** Takes a decrypted RTCP packet. */
  handleRtcp(arrivedAt: Micros, compound: Uint8Array): void {
    this.#wakeAt = undefined
    const packets = parseCompound(compound)
    if (packets === undefined) {
      this.counters.unusedRtcp++
      return
    }
    for (const packet of packets) {
      if (packet.type === 'sender-report') this.#streams.get(packet.ssrc)?.onSenderReport(packet, arrivedAt)
      else if (packet.type === 'bye') for (const ssrc of packet.ssrcs) this.#end(ssrc)
      else if (packet.type === 'unused') this.counters.unusedRtcp++
    }
  }

  #end(ssrc: number): void {
    const stream = this.#streams.get(ssrc)
    if (stream === undefined) return
    this.#streams.delete(ssrc)
    this.#sources.remove(ssrc)
    this.#outbox.tell({ kind: 'ended', mid: stream.mid, rid: stream.rid })
  }

  /** Outputs are RTCP compounds to encrypt and send. */
  poll(now: Micros): Polled<Uint8Array, RtpReceiverEvent> {
    this.#wakeAt ??= this.#nextDeadline()
    if (this.#wakeAt <= now) this.#wakeAt = this.#doWhatIsDue(now)
    return this.#outbox.take() ?? this.#wakeAt
  }

  /** Gives up overdue packets and writes RTCP that is due. Returns the next deadline. */
  #doWhatIsDue(now: Micros): Micros {
    for (const stream of this.#streams.values()) {
      const deadline = stream.deadline()
      if (deadline !== undefined && now >= deadline) this.#collectFrames(stream, now)
    }
    this.#rtcp.sendDue(now, this.#roundTrip, this.#remb?.bitrate)
    return this.#nextDeadline()
  }

  #nextDeadline(): Micros {
    let next = this.#rtcp.dueAt
    for (const stream of this.#streams.values()) next = Math.min(next, stream.deadline() ?? Infinity)
    return next
  }
}
