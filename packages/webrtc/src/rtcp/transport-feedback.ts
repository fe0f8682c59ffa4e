import { readInt24, readUint16, readUint32, writeUint16, writeUint24, writeUint32 } from '@crossroom/media'
import { FEEDBACK_HEADER_LENGTH, RTCP_TRANSPORT_FEEDBACK, writeRtcpHeader } from './header.js'

/**
 * Transport-wide feedback: when each packet of a range came, whatever stream it belongs to
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
 */
export interface TransportFeedback {
  readonly type: 'transport-feedback'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  /** Transport-wide sequence number of the first packet. */
  readonly baseSequence: number
  /** Counts the feedback packets modulo 256: a gap means that one was lost. */
  readonly feedbackCount: number
  /** Signed 24-bit multiple of `REFERENCE_TIME_UNIT` on the receiver's clock. */
  readonly referenceTime: number
  /**
   * One entry per packet from `baseSequence` on: its arrival, in ticks of `ARRIVAL_TICK` after the reference time, or
   * `NOT_RECEIVED`. Neighbouring arrivals are at most 32767 ticks (8.19 s) apart.
   */
  readonly arrivals: Int32Array
}

export const TRANSPORT_FEEDBACK_FORMAT = 15

/** Microseconds per unit of the reference time. */
export const REFERENCE_TIME_UNIT = 64_000
/** Microseconds per tick of an arrival. */
export const ARRIVAL_TICK = 250
/** Ticks in one unit of the reference time: 64 000 / 250. */
export const TICKS_PER_REFERENCE = REFERENCE_TIME_UNIT / ARRIVAL_TICK
export const NOT_RECEIVED = -0x8000_0000

/**
 * Packets in one feedback message. Run-length chunks let two bytes declare 8191 packets, so this limit, not the
 * packet's size, bounds the allocation: 8192 × 4 bytes; 8192 packets are 10 s at the 800 packets/s of an 8 Mbit/s
 * stream.
 */
export const MAX_FEEDBACK_PACKETS = 8192

const FIXED_LENGTH = FEEDBACK_HEADER_LENGTH + 8

// Packet status symbols (section 3.1.1).
const STATUS_NOT_RECEIVED = 0
const STATUS_SMALL_DELTA = 1
const STATUS_LARGE_DELTA = 2

/** Smallest and largest signed 16-bit delta. */
const MAX_LARGE_DELTA = 0x7fff
const MIN_LARGE_DELTA = -0x8000
const MAX_SMALL_DELTA = 0xff

const RUN_LENGTH_MAX = 0x1fff
const ONE_BIT_SYMBOLS = 14
const TWO_BIT_SYMBOLS = 7

/** Reads one RTCP packet of type 205 and format 15; undefined when chunks or deltas are missing or the range is too long. */
export function parseTransportFeedback(packet: Uint8Array): TransportFeedback | undefined {
  if (packet.length < FIXED_LENGTH) return undefined
  const count = readUint16(packet, 14)
  if (count === 0 || count > MAX_FEEDBACK_PACKETS) return undefined
  const arrivals = new Int32Array(count)
  const deltasOffset = readStatuses(packet, arrivals)
  if (deltasOffset === undefined || !readDeltas(packet, deltasOffset, arrivals)) return undefined
  return {
    type: 'transport-feedback',
    senderSsrc: readUint32(packet, 4),
    mediaSsrc: readUint32(packet, 8),
    baseSequence: readUint16(packet, 12),
    feedbackCount: packet[19]!,
    referenceTime: readInt24(packet, 16),
    arrivals,
  }
}

/** Fills `statuses` with symbols; returns the offset behind the chunks, undefined when they end too early. */
function readStatuses(packet: Uint8Array, statuses: Int32Array): number | undefined {
  let offset = FIXED_LENGTH
  let index = 0
  while (index < statuses.length) {
    if (offset + 2 > packet.length) return undefined
    const chunk = readUint16(packet, offset)
    offset += 2
    if ((chunk & 0x8000) === 0) {
      const end = Math.min(index + (chunk & RUN_LENGTH_MAX), statuses.length)
      if (end === index) return undefined
      statuses.fill((chunk >>> 13) & 3, index, end)
      index = end
    } else if ((chunk & 0x4000) === 0) {
      for (let bit = 13; bit >= 0 && index < statuses.length; bit--) statuses[index++] = (chunk >>> bit) & 1
    } else {
      for (let bit = 12; bit >= 0 && index < statuses.length; bit -= 2) statuses[index++] = (chunk >>> bit) & 3
    }
  }
  return offset
}

/** Replaces each symbol in `arrivals` by the arrival it stands for; false when deltas are missing or a symbol is reserved. */
function readDeltas(packet: Uint8Array, deltasOffset: number, arrivals: Int32Array): boolean {
  let offset = deltasOffset
  let ticks = 0
  for (let index = 0; index < arrivals.length; index++) {
    const status = arrivals[index]!
    if (status === STATUS_NOT_RECEIVED) {
      arrivals[index] = NOT_RECEIVED
      continue
    }
    if (status === STATUS_SMALL_DELTA) {
      if (offset + 1 > packet.length) return false
      ticks += packet[offset]!
      offset += 1
    } else if (status === STATUS_LARGE_DELTA) {
      if (offset + 2 > packet.length) return false
      ticks += (readUint16(packet, offset) << 16) >> 16
      offset += 2
    } else {
      return false
    }
    arrivals[index] = ticks
  }
  return true
}

/** The status symbol of an arrival that comes `delta` ticks after the one before. */
function statusOf(arrival: number, delta: number): number {
  if (arrival === NOT_RECEIVED) return STATUS_NOT_RECEIVED
  return delta >= 0 && delta <= MAX_SMALL_DELTA ? STATUS_SMALL_DELTA : STATUS_LARGE_DELTA
}

/** True when `arrival` can stand in one feedback after `previous`, both in ticks (0 is the reference time). */
export function isDeltaWritable(previous: number, arrival: number): boolean {
  const delta = arrival - previous
  return delta >= MIN_LARGE_DELTA && delta <= MAX_LARGE_DELTA
}

function statusesOf(arrivals: Int32Array): Uint8Array {
  const statuses = new Uint8Array(arrivals.length)
  let previous = 0
  for (let index = 0; index < arrivals.length; index++) {
    const arrival = arrivals[index]!
    statuses[index] = statusOf(arrival, arrival - previous)
    if (arrival !== NOT_RECEIVED) previous = arrival
  }
  return statuses
}

/**
 * Chooses the chunk for the symbols from `index` on: a run where it covers at least as much as a vector would, else 14 one-bit
 * symbols if no large delta is among them, else 7 two-bit symbols. Returns `chunk | covered << 16`.
 */
function chunkAt(statuses: Uint8Array, index: number): number {
  const first = statuses[index]!
  const left = statuses.length - index
  let run = 1
  while (run < left && run < RUN_LENGTH_MAX && statuses[index + run] === first) run++
  let small = 0
  while (small < left && small < ONE_BIT_SYMBOLS && statuses[index + small] !== STATUS_LARGE_DELTA) small++
  const oneBit = small === Math.min(left, ONE_BIT_SYMBOLS)
  if (run >= ONE_BIT_SYMBOLS || run === left || (run >= TWO_BIT_SYMBOLS && !oneBit)) {
    return (first << 13) | run | (run << 16)
  }
  const covered = Math.min(left, oneBit ? ONE_BIT_SYMBOLS : TWO_BIT_SYMBOLS)
  let chunk = oneBit ? 0x8000 : 0xc000
  for (let symbol = 0; symbol < covered; symbol++) {
    chunk |= statuses[index + symbol]! << (oneBit ? 13 - symbol : 12 - 2 * symbol)
  }
  return chunk | (covered << 16)
}

/** Bytes of the packet, padded to 32 bits. */
export function byteLengthOfTransportFeedback(feedback: TransportFeedback): number {
  const statuses = statusesOf(feedback.arrivals)
  let length = FIXED_LENGTH
  for (let index = 0; index < statuses.length; index += chunkAt(statuses, index) >>> 16) length += 2
  for (let index = 0; index < statuses.length; index++) length += statuses[index]!
  return (length + 3) & ~3
}

/** Writes the packet, its deltas being within `isDeltaWritable`; returns the offset behind it. */
export function writeTransportFeedback(feedback: TransportFeedback, out: Uint8Array, offset: number): number {
  writeUint32(feedback.senderSsrc, out, offset + 4)
  writeUint32(feedback.mediaSsrc, out, offset + 8)
  writeUint16(feedback.baseSequence, out, offset + 12)
  writeUint16(feedback.arrivals.length, out, offset + 14)
  writeUint24(feedback.referenceTime, out, offset + 16)
  out[offset + 19] = feedback.feedbackCount
  const position = writeDeltas(feedback.arrivals, out, writeChunks(feedback.arrivals, out, offset + FIXED_LENGTH))
  const end = offset + ((position - offset + 3) & ~3)
  writeRtcpHeader(RTCP_TRANSPORT_FEEDBACK, TRANSPORT_FEEDBACK_FORMAT, end - offset, out, offset)
  const padding = end - position
  out.fill(0, position, end)
  if (padding > 0) {
    // Deltas end where the padding begins, and only the P bit says where that is (RFC 3550 section 6.4.1).
    out[offset] = out[offset]! | 0x20
    out[end - 1] = padding
  }
  return end
}

function writeChunks(arrivals: Int32Array, out: Uint8Array, offset: number): number {
  const statuses = statusesOf(arrivals)
  let position = offset
  for (let index = 0; index < statuses.length;) {
    const chunk = chunkAt(statuses, index)
    position = writeUint16(chunk & 0xffff, out, position)
    index += chunk >>> 16
  }
  return position
}

function writeDeltas(arrivals: Int32Array, out: Uint8Array, offset: number): number {
  let position = offset
  let previous = 0
  for (let index = 0; index < arrivals.length; index++) {
    const arrival = arrivals[index]!
    if (arrival === NOT_RECEIVED) continue
    const delta = arrival - previous
    if (statusOf(arrival, delta) === STATUS_SMALL_DELTA) out[position++] = delta
    else position = writeUint16(delta, out, position)
    previous = arrival
  }
  return position
}
