import type { Micros } from '@crossroom/media'
import {
  ARRIVAL_TICK,
  isDeltaWritable,
  NOT_RECEIVED,
  REFERENCE_TIME_UNIT,
  TICKS_PER_REFERENCE,
  type TransportFeedback,
} from '../rtcp/transport-feedback.js'
import { SequenceUnwrapper } from '../rtp/sequence.js'

/** Packets whose arrival is remembered: a power of two, 1.2 s of the 6000 packets/s that a session may send (threat W7). */
const CAPACITY = 8192

/** Packets per feedback: 20 bytes of header + 400 × (2 bits of status + at most 2 bytes of delta) = 920 bytes. */
const MAX_PACKETS_PER_FEEDBACK = 400

/** Losses reported before the first packet that came; more are an outage, which the sender sees anyway. */
const MAX_LEADING_LOSSES = 200

/**
 * Nothing at all for so long, and packets missing: the way was gone, as in a change of network. Told of losses, libwebrtc
 * would take the next way for one of a few kbit/s, and its pictures would need seconds to come back.
 */
const OUTAGE: Micros = 300_000

const NEVER = -1

/**
 * Remembers when packets came by their transport-wide sequence number and reports it
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01). A packet that comes after it was reported as missing is reported
 * again with all that follow it, as libwebrtc does: the sender takes the newer word.
 */
export class TransportArrivals {
  readonly #arrivals = new Float64Array(CAPACITY).fill(NEVER)
  readonly #unwrapper = new SequenceUnwrapper()
  /** First packet of the next feedback. */
  #next: number | undefined
  #highest = -1
  #lastAt: Micros = 0
  #feedbackCount = 0

  /** Whether a packet came that no feedback has reported. */
  get hasNews(): boolean {
    return this.#next !== undefined && this.#next <= this.#highest
  }

  /** Takes note of a packet; `arrivedAt` should be the kernel's time, for the loop's own delays look like congestion. */
  onPacket(transportSequence: number, arrivedAt: Micros): void {
    const sequence = this.#unwrapper.unwrap(transportSequence)
    if (this.#next === undefined || sequence > this.#highest + CAPACITY) this.#restart(sequence)
    if (sequence <= this.#highest - CAPACITY) return
    const isAfterOutage = arrivedAt - this.#lastAt >= OUTAGE && sequence > this.#highest + 1
    if (isAfterOutage && !this.hasNews) this.#next = sequence
    this.#lastAt = Math.max(this.#lastAt, arrivedAt)
    for (let missing = this.#highest + 1; missing < sequence; missing++) this.#arrivals[missing % CAPACITY] = NEVER
    this.#highest = Math.max(this.#highest, sequence)
    this.#arrivals[sequence % CAPACITY] = arrivedAt
    this.#next = Math.max(Math.min(this.#next!, sequence), this.#highest - CAPACITY + 1)
  }

  #restart(sequence: number): void {
    this.#arrivals.fill(NEVER)
    this.#next = sequence
    this.#highest = sequence - 1
  }

  /**
   * The next feedback, undefined when there is nothing new. Call until then: a long or torn range takes several. SSRCs are the
   * caller's: the sender does not look at the media SSRC.
   */
  takeFeedback(senderSsrc: number, mediaSsrc: number): TransportFeedback | undefined {
    const received = this.#firstReceived()
    if (received === undefined) return undefined
    const first = Math.max(this.#next!, received - MAX_LEADING_LOSSES)
    const referenceTime = Math.floor(this.#arrivals[received % CAPACITY]! / REFERENCE_TIME_UNIT)
    const arrivals = this.#arrivalsFrom(first, referenceTime * TICKS_PER_REFERENCE)
    this.#next = first + arrivals.length
    return {
      type: 'transport-feedback',
      senderSsrc,
      mediaSsrc,
      baseSequence: first & 0xffff,
      feedbackCount: this.#feedbackCount++ & 0xff,
      referenceTime: (referenceTime << 8) >> 8,
      arrivals,
    }
  }

  /** Arrivals in ticks after `reference` for one feedback: up to its limit or to a step that no delta can express. */
  #arrivalsFrom(first: number, reference: number): Int32Array {
    const arrivals = new Int32Array(Math.min(this.#highest + 1 - first, MAX_PACKETS_PER_FEEDBACK))
    let previous = 0
    for (let index = 0; index < arrivals.length; index++) {
      const arrivedAt = this.#arrivals[(first + index) % CAPACITY]!
      arrivals[index] = NOT_RECEIVED
      if (arrivedAt === NEVER) continue
      const ticks = Math.round(arrivedAt / ARRIVAL_TICK) - reference
      if (!isDeltaWritable(previous, ticks)) return arrivals.subarray(0, index)
      arrivals[index] = ticks
      previous = ticks
    }
    return arrivals
  }

  /** The first packet at or after `#next` that came: its time is the reference. */
  #firstReceived(): number | undefined {
    if (this.#next === undefined) return undefined
    for (let sequence = this.#next; sequence <= this.#highest; sequence++) {
      if (this.#arrivals[sequence % CAPACITY] !== NEVER) return sequence
    }
    return undefined
  }
}
