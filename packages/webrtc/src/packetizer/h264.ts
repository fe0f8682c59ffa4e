import { writeUint16, type VideoConfig, type VideoFrame } from '@crossroom/media'
import type { Packetizer } from './packetizer.js'
import { MAX_RTP_PAYLOAD, type PayloadBuffer } from './payload-buffer.js'

// NAL unit types of H.264 (table 7-1) and of the payload format (RFC 6184 section 5.2).
const NAL_SPS = 7
const NAL_ACCESS_UNIT_DELIMITER = 9
const NAL_FILLER = 12
const NAL_STAP_A = 24
const NAL_FU_A = 28

const FORBIDDEN_ZERO_BIT = 0x80
const NRI_BITS = 0x60
const TYPE_BITS = 0x1f

const FU_HEADER_LENGTH = 2
const FU_START = 0x80
const FU_END = 0x40

const STAP_HEADER_LENGTH = 1
const STAP_SIZE_LENGTH = 2

export interface H264PacketizerOptions {
  /** Default `MAX_RTP_PAYLOAD`. */
  readonly maxPayload?: number
  /**
   * Packetization mode, default 1. In mode 0 each NAL unit is one packet, and a frame with a unit that does not fit is
   * not sent.
   */
  readonly mode?: 0 | 1
}

/**
 * H.264 in non-interleaved mode (RFC 6184 with packetization-mode=1): small NAL units are aggregated in STAP-A, large ones
 * cut into FU-A fragments of equal size but the last, which lets the kernel segment them.
 *
 * Every keyframe begins with SPS and PPS, in-band ones or else the config's: browsers that join or lost a packet have no
 * other source. Access unit delimiters and filler say nothing in RTP and are left out.
 */
export class H264Packetizer implements Packetizer<VideoConfig> {
  readonly #maxPayload: number
  readonly #isSingle: boolean
  /** The payloads of the current frame; kept to save an array per frame. */
  readonly #units: Uint8Array[] = []

  constructor({ maxPayload = MAX_RTP_PAYLOAD, mode = 1 }: H264PacketizerOptions = {}) {
    this.#maxPayload = maxPayload
    this.#isSingle = mode === 0
  }

  packetize(frame: VideoFrame, out: PayloadBuffer): boolean {
    out.clear()
    this.#selectUnits(frame)
    let index = 0
    while (index < this.#units.length) {
      const end = this.#endOfAggregate(index)
      const ok = end - index > 1 ? this.#writeAggregate(index, end, out) : this.#writeAlone(this.#units[index]!, out)
      if (!ok) {
        out.clear()
        return false
      }
      index = end
    }
    return out.count > 0
  }

  #selectUnits(frame: VideoFrame): void {
    this.#units.length = 0
    if (frame.keyframe && !hasSps(frame.units)) {
      for (const unit of frame.config.parameterSets) this.#units.push(unit)
    }
    for (const unit of frame.units) if (isSendable(unit)) this.#units.push(unit)
  }

  /** Index behind the last unit that fits one STAP-A beginning at `first`; `first + 1` when nothing can be aggregated. */
  #endOfAggregate(first: number): number {
    if (this.#isSingle) return first + 1
    let length = STAP_HEADER_LENGTH
    let end = first
    while (end < this.#units.length) {
      length += STAP_SIZE_LENGTH + this.#units[end]!.length
      if (length > this.#maxPayload) break
      end++
    }
    return Math.max(end, first + 1)
  }

  #writeAggregate(first: number, end: number, out: PayloadBuffer): boolean {
    if (!out.reserve(this.#maxPayload)) return false
    const start = out.byteLength
    let header = 0
    let offset = start + STAP_HEADER_LENGTH
    for (let index = first; index < end; index++) {
      const unit = this.#units[index]!
      // F is the OR and NRI the maximum of the aggregated units' (section 5.7).
      header =
        (header & FORBIDDEN_ZERO_BIT) |
        (unit[0]! & FORBIDDEN_ZERO_BIT) |
        Math.max(header & NRI_BITS, unit[0]! & NRI_BITS)
      offset = writeUint16(unit.length, out.bytes, offset)
      out.bytes.set(unit, offset)
      offset += unit.length
    }
    out.bytes[start] = header | NAL_STAP_A
    out.finishPacket(offset)
    return true
  }

  #writeAlone(unit: Uint8Array, out: PayloadBuffer): boolean {
    if (unit.length > this.#maxPayload) return !this.#isSingle && this.#writeFragments(unit, out)
    if (!out.reserve(unit.length)) return false
    const start = out.byteLength
    out.bytes.set(unit, start)
    out.finishPacket(start + unit.length)
    return true
  }

  #writeFragments(unit: Uint8Array, out: PayloadBuffer): boolean {
    const indicator = (unit[0]! & ~TYPE_BITS) | NAL_FU_A
    const type = unit[0]! & TYPE_BITS
    const fragmentLength = this.#maxPayload - FU_HEADER_LENGTH
    // The NAL header travels in the FU header, so the fragments begin behind it.
    for (let from = 1; from < unit.length; from += fragmentLength) {
      const to = Math.min(from + fragmentLength, unit.length)
      if (!out.reserve(FU_HEADER_LENGTH + to - from)) return false
      const start = out.byteLength
      out.bytes[start] = indicator
      out.bytes[start + 1] = type | (from === 1 ? FU_START : 0) | (to === unit.length ? FU_END : 0)
      out.bytes.set(unit.subarray(from, to), start + FU_HEADER_LENGTH)
      out.finishPacket(start + FU_HEADER_LENGTH + to - from)
    }
    return true
  }
}

function hasSps(units: readonly Uint8Array[]): boolean {
  for (const unit of units) if (unit.length > 0 && (unit[0]! & TYPE_BITS) === NAL_SPS) return true
  return false
}

/** Types 0 and 24–31 are not H.264's own: a receiver would take them for aggregates or fragments. */
function isSendable(unit: Uint8Array): boolean {
  if (unit.length === 0) return false
  const type = unit[0]! & TYPE_BITS
  return type > 0 && type < NAL_STAP_A && type !== NAL_ACCESS_UNIT_DELIMITER && type !== NAL_FILLER
}
