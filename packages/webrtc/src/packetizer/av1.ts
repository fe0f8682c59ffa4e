import { parseObus, type VideoConfig, type VideoFrame } from '@crossroom/media'
import type { Packetizer } from './packetizer.js'
import { MAX_RTP_PAYLOAD, type PayloadBuffer } from './payload-buffer.js'

// The aggregation header (RTP Payload Format For AV1 v1.0, section 4.4). W stays 0: every element has its length before it.
const CONTINUES_PREVIOUS = 0x80
const CONTINUED_BY_NEXT = 0x40
const NEW_SEQUENCE = 0x08
const AGGREGATION_HEADER_LENGTH = 1

// The OBU header and types (AV1 bitstream specification sections 5.3.2 and 6.2.2).
const HAS_EXTENSION = 0x04
const HAS_SIZE = 0x02
const OBU_TEMPORAL_DELIMITER = 2
const OBU_TILE_LIST = 8
const OBU_PADDING = 15

/** leb128 (section 4.10.5) of what a packet holds. */
const MAX_LENGTH_BYTES = 2
const ONE_BYTE_LENGTHS = 0x80
/** An element that begins with less of a packet left begins in the next one. */
const LEAST_ROOM = 8

/**
 * AV1: the OBUs of a temporal unit without their sizes, as elements that may be cut anywhere. Temporal delimiters, tile lists and
 * padding say nothing in RTP and are left out.
 */
export class Av1Packetizer implements Packetizer<VideoConfig> {
  readonly #maxPayload: number
  #start = 0
  /** Behind the last byte of the packet in progress; -1 when there is none. */
  #offset = -1

  constructor(maxPayload: number = MAX_RTP_PAYLOAD) {
    this.#maxPayload = maxPayload
  }

  packetize(frame: VideoFrame, out: PayloadBuffer): boolean {
    out.clear()
    this.#offset = -1
    const unit = frame.units[0]
    const isWritten = unit !== undefined && this.#writeObus(unit, frame.keyframe, out)
    if (isWritten && this.#offset >= 0) out.finishPacket(this.#offset)
    else if (!isWritten) out.clear()
    return isWritten && out.count > 0
  }

  #writeObus(unit: Uint8Array, keyframe: boolean, out: PayloadBuffer): boolean {
    const obus = parseObus(unit)
    if (obus === undefined) return false
    // More OBUs than are looked at.
    if (obus.at(-1)?.end !== unit.length) return false
    let head = 0
    for (const { type, start, end } of obus) {
      const from = head
      head = end
      if (type === OBU_TEMPORAL_DELIMITER || type === OBU_TILE_LIST || type === OBU_PADDING) continue
      if (!this.#writeObu(unit, from, start, end, keyframe, out)) return false
    }
    return true
  }

  /** One OBU: its header at `from` loses its size, which ends at `start`. */
  #writeObu(
    unit: Uint8Array,
    from: number,
    start: number,
    end: number,
    keyframe: boolean,
    out: PayloadBuffer,
  ): boolean {
    const header = (unit[from]! & HAS_EXTENSION) === 0 ? 1 : 2
    const total = header + end - start
    for (let done = 0; done < total;) {
      if (this.#offset >= 0 && this.#start + this.#maxPayload - this.#offset < LEAST_ROOM) this.#finish(out, 0)
      if (this.#offset < 0 && !this.#begin(out, (done > 0 ? CONTINUES_PREVIOUS : 0) | (keyframe ? NEW_SEQUENCE : 0)))
        return false
      const room = this.#start + this.#maxPayload - this.#offset - MAX_LENGTH_BYTES
      const length = Math.min(total - done, room)
      this.#writeLength(length, out.bytes)
      // At least `LEAST_ROOM`, so the header is never cut.
      const skipped = done === 0 ? header : 0
      if (skipped > 0) {
        out.bytes[this.#offset] = unit[from]! & ~HAS_SIZE
        if (header === 2) out.bytes[this.#offset + 1] = unit[from + 1]!
      }
      const payload = start + Math.max(0, done - header)
      out.bytes.set(unit.subarray(payload, payload + length - skipped), this.#offset + skipped)
      this.#offset += length
      done += length
      if (done < total) this.#finish(out, CONTINUED_BY_NEXT)
    }
    return true
  }

  #writeLength(length: number, bytes: Uint8Array): void {
    if (length >= ONE_BYTE_LENGTHS) {
      bytes[this.#offset++] = (length & 0x7f) | 0x80
      bytes[this.#offset++] = length >> 7
    } else bytes[this.#offset++] = length
  }

  /** N is set in the first packet of a keyframe only. */
  #begin(out: PayloadBuffer, flags: number): boolean {
    if (!out.reserve(this.#maxPayload)) return false
    this.#start = out.byteLength
    out.bytes[this.#start] = out.count === 0 ? flags : flags & ~NEW_SEQUENCE
    this.#offset = this.#start + AGGREGATION_HEADER_LENGTH
    return true
  }

  #finish(out: PayloadBuffer, flags: number): void {
    out.bytes[this.#start]! |= flags
    out.finishPacket(this.#offset)
    this.#offset = -1
  }
}
