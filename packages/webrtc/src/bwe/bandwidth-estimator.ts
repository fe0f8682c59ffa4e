import type { Micros } from '@crossroom/media'
import { ARRIVAL_TICK, NOT_RECEIVED, REFERENCE_TIME_UNIT, type TransportFeedback } from '../rtcp/transport-feedback.js'
import { ArrivalGroups } from './arrival-groups.js'
import { DelayFloor } from './delay-floor.js'
import { LossWindow } from './loss-window.js'
import { RateControl } from './rate-control.js'
import { SentHistory } from './sent-history.js'
import { Throughput } from './throughput.js'
import { Trendline, type QueueTrend } from './trendline.js'

/** The initial rate of a viewer, before its path is measured: its start burst. Bits per second. */
export const START_BITRATE = 8_000_000

/**
 * Loss above this counts as a limit even without a growing queue: a policer drops excess without queueing. Loss below
 * it without delay is radio noise: a lower bitrate would not reduce it, and retransmission handles it.
 */
const LOSS_OF_A_POLICER = 0.45

/** A policer stays for longer than an unlucky second. */
const POLICED_WINDOWS = 2

/** A queue this long that never emptied for a second is congestion without any loss. */
const LONG_QUEUE: Micros = 150_000

/** Evidence of congestion counts for so long. */
const EVIDENCE_LIFETIME: Micros = 3_000_000

/** Loss above this while a queue stands is the queue running over. */
const LOSS_OF_A_FULL_QUEUE = 0.1
const STANDING_QUEUE: Micros = 30_000

/** A slope counts only while there is something to slope: stalls of a busy machine come and go without a queue. */
const SLOPING_QUEUE: Micros = 20_000

/** Reference times are 24 bits of 64 ms and wrap after 12.4 days. */
const REFERENCE_WRAP = 2 ** 24

export interface BandwidthEstimatorOptions {
  /** Bits per second; default `START_BITRATE`. */
  readonly startBitrate?: number
}

/**
 * How much one viewer's path carries, from transport-wide feedback: by delay first, by loss only where it must be
 * congestion. Until a limit is met it says the start bitrate and `isLimited` is false.
 */
export class BandwidthEstimator {
  readonly #history = new SentHistory()
  readonly #groups = new ArrivalGroups()
  readonly #trendline = new Trendline()
  readonly #throughput = new Throughput()
  readonly #loss = new LossWindow()
  readonly #floor = new DelayFloor()
  readonly #rate: RateControl
  #referenceCycles = 0
  #lastReference: number | undefined
  #policedWindows = 0
  #congestedAt: Micros = -Infinity
  /** The receiver keeps its own estimate (REMB), so its word is all there is. */
  #hasReceiverEstimate = false
  #roundTrip: Micros = 100_000

  constructor(options: BandwidthEstimatorOptions = {}) {
    this.#rate = new RateControl(options.startBitrate ?? START_BITRATE)
  }

  /** Bits per second on the wire. */
  get bitrate(): number {
    return this.#rate.bitrate
  }

  get isLimited(): boolean {
    return this.#rate.isLimited
  }

  /**
   * Whether the path is overloaded, judged by the last seconds: a standing queue, or loss from a queue or a policer. A
   * falling estimate alone proves nothing: a busy machine also delays packets.
   */
  isCongested(now: Micros): boolean {
    return this.#hasReceiverEstimate || now - this.#congestedAt < EVIDENCE_LIFETIME
  }

  /** Share of packets lost in the last second of feedback, 0 to 1. */
  get lossFraction(): number {
    return this.#loss.fraction
  }

  get queueTrend(): QueueTrend {
    const { trend } = this.#trendline
    return trend === 'filling' && this.#floor.queue < SLOPING_QUEUE ? 'steady' : trend
  }

  /** Bits per second that arrived lately; undefined at the beginning. */
  get throughput(): number | undefined {
    return this.#throughput.bitrate
  }

  /** From receiver reports; it spaces the decreases. */
  setRoundTrip(roundTrip: Micros): void {
    this.#roundTrip = roundTrip
  }

  /** A row of the egress's `pollSent`. */
  recordSent(firstTransportSequence: number, count: number, bytes: number, sentAt: Micros): void {
    this.#history.record(firstTransportSequence, count, bytes, sentAt)
  }

  /** Takes the feedback of one compound packet. Sequences that were never sent, or were told before, count for nothing. */
  handleFeedback(now: Micros, feedback: TransportFeedback): void {
    const base = this.#referenceMicros(feedback.referenceTime)
    const { arrivals, baseSequence } = feedback
    let received = 0
    let lost = 0
    for (let index = 0; index < arrivals.length; index++) {
      const sequence = (baseSequence + index) & 0xffff
      const sentAt = this.#history.sentAt(sequence)
      if (Number.isNaN(sentAt)) continue
      const arrival = arrivals[index]!
      if (arrival === NOT_RECEIVED) {
        lost++
        continue
      }
      received++
      this.#arrived(sequence, sentAt, base + arrival * ARRIVAL_TICK)
    }
    this.#judgeLoss(now, received, lost)
    if (received > 0) this.#rate.update(now, this.queueTrend, this.#throughput.bitrate, this.#roundTrip)
  }

  /** The receiver's own estimate (REMB), from peers without transport-wide feedback. Bits per second. */
  handleReceiverEstimate(bitrate: number): void {
    this.#hasReceiverEstimate = true
    this.#rate.cap(bitrate)
  }

  #arrived(sequence: number, sentAt: Micros, arrivedAt: Micros): void {
    this.#throughput.add(arrivedAt, this.#history.bytes(sequence))
    this.#history.forget(sequence)
    this.#floor.add(sentAt, arrivedAt)
    const delta = this.#groups.add(sentAt, arrivedAt)
    if (delta !== undefined) this.#trendline.add(delta)
  }

  #judgeLoss(now: Micros, received: number, lost: number): void {
    if (!this.#loss.add(now, received, lost)) return
    const throughput = this.#throughput.bitrate
    const { fraction } = this.#loss
    const queue = this.#floor.takeStandingQueue(now)
    this.#policedWindows = fraction > LOSS_OF_A_POLICER ? this.#policedWindows + 1 : 0
    const losesToLimit =
      (queue > STANDING_QUEUE && fraction > LOSS_OF_A_FULL_QUEUE) || this.#policedWindows >= POLICED_WINDOWS
    if (losesToLimit && throughput !== undefined) this.#rate.cut(now, throughput)
    if (losesToLimit || (queue > LONG_QUEUE && this.isLimited)) this.#congestedAt = now
  }

  /** The receiver's clock without wraps. */
  #referenceMicros(reference: number): Micros {
    if (this.#lastReference !== undefined) {
      const step = reference - this.#lastReference
      if (step < -REFERENCE_WRAP / 2) this.#referenceCycles++
      else if (step > REFERENCE_WRAP / 2) this.#referenceCycles--
    }
    this.#lastReference = reference
    return (reference + this.#referenceCycles * REFERENCE_WRAP) * REFERENCE_TIME_UNIT
  }
}
