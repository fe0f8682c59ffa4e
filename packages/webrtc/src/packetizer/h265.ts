import { H265_NAL_HEADER_LENGTH, H265NalType, h265NalType, isCarriedH265, writeUint16 } from '@crossroom/media'
import type { VideoConfig, VideoFrame } from '@crossroom/media'
import type { Packetizer } from './packetizer.js'
import { MAX_RTP_PAYLOAD, type PayloadBuffer } from './payload-buffer.js'

// NAL unit types of the payload format (RFC 7798 section 4.4).
const NAL_AGGREGATE = 48
const NAL_FRAGMENT = 49

const SIZE_LENGTH = 2
const FU_HEADER_LENGTH = H265_NAL_HEADER_LENGTH + 1
const FU_START = 0x80
const FU_END = 0x40
/** F and the first bit of LayerId stay when the type changes. */
const OUTSIDE_TYPE = 0x81
const TEMPORAL_ID_BITS = 0x07

/**
 * H.265 (RFC 7798) in decoding order (`tx-mode=SRST`, `sprop-max-don-diff=0`): small NAL units are aggregated, large ones cut into fragments
 * of equal size but the last. Every IRAP picture begins with VPS, SPS and PPS, in-band ones or else the config's.
 */
export class H265Packetizer implements Packetizer<VideoConfig> {
  readonly #maxPayload: number
  /** The payloads of the current frame; kept to save an array per frame. */
  readonly #units: Uint8Array[] = []

  constructor(maxPayload: number = MAX_RTP_PAYLOAD) {
    this.#maxPayload = maxPayload
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
    for (const unit of frame.units) if (isCarriedH265(unit)) this.#units.push(unit)
  }

  /** Index behind the last unit that fits one aggregation packet beginning at `first`. */
  #endOfAggregate(first: number): number {
    let length = H265_NAL_HEADER_LENGTH
    let end = first
    while (end < this.#units.length) {
      length += SIZE_LENGTH + this.#units[end]!.length
      if (length > this.#maxPayload) break
      end++
    }
    return Math.max(end, first + 1)
  }

  /** F is the OR, LayerId and TID are the lowest of the units' (section 4.4.2). */
  #writeAggregate(first: number, end: number, out: PayloadBuffer): boolean {
    if (!out.reserve(this.#maxPayload)) return false
    const start = out.byteLength
    let outside = this.#units[first]![0]! & OUTSIDE_TYPE
    let second = this.#units[first]![1]!
    let offset = start + H265_NAL_HEADER_LENGTH
    for (let index = first; index < end; index++) {
      const unit = this.#units[index]!
      outside |= unit[0]! & 0x80
      if ((unit[1]! & TEMPORAL_ID_BITS) < (second & TEMPORAL_ID_BITS)) second = unit[1]!
      offset = writeUint16(unit.length, out.bytes, offset)
      out.bytes.set(unit, offset)
      offset += unit.length
    }
    out.bytes[start] = outside | (NAL_AGGREGATE << 1)
    out.bytes[start + 1] = second
    out.finishPacket(offset)
    return true
  }

  #writeAlone(unit: Uint8Array, out: PayloadBuffer): boolean {
    if (unit.length > this.#maxPayload) return this.#writeFragments(unit, out)
    if (!out.reserve(unit.length)) return false
    const start = out.byteLength
    out.bytes.set(unit, start)
    out.finishPacket(start + unit.length)
    return true
  }

  #writeFragments(unit: Uint8Array, out: PayloadBuffer): boolean {
    const type = h265NalType(unit)
    const step = this.#maxPayload - FU_HEADER_LENGTH
    // The type travels in the FU header, so the fragments begin behind the NAL header.
    for (let from = H265_NAL_HEADER_LENGTH; from < unit.length; from += step) {
      const to = Math.min(from + step, unit.length)
      if (!out.reserve(FU_HEADER_LENGTH + to - from)) return false
      const start = out.byteLength
      out.bytes[start] = (unit[0]! & OUTSIDE_TYPE) | (NAL_FRAGMENT << 1)
      out.bytes[start + 1] = unit[1]!
      const isFirst = from === H265_NAL_HEADER_LENGTH
      out.bytes[start + 2] = type | (isFirst ? FU_START : 0) | (to === unit.length ? FU_END : 0)
      out.bytes.set(unit.subarray(from, to), start + FU_HEADER_LENGTH)
      out.finishPacket(start + FU_HEADER_LENGTH + to - from)
    }
    return true
  }
}

function hasSps(units: readonly Uint8Array[]): boolean {
  for (const unit of units) if (unit.length > 0 && h265NalType(unit) === H265NalType.sps) return true
  return false
}
