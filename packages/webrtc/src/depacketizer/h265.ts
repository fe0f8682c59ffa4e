import { H265NalType, h265NalType, h265Recovery, hasIrap } from '@crossroom/media'
import type { DepacketizedFrame, Depacketizer } from './depacketizer.js'
import { FrameStore } from './frame-store.js'
import { NalUnitCollector, someUnit } from './nal-units.js'

// NAL unit types of the payload format (RFC 7798 section 4.4).
const NAL_AGGREGATE = 48
const NAL_FRAGMENT = 49

const HEADER_LENGTH = 2
const FU_START = 0x80
const FU_END = 0x40
const FU_TYPE_BITS = 0x3f
const FIRST_SLICE_SEGMENT = 0x80

/**
 * H.265 (RFC 7798) without decoding order numbers, for `sprop-max-don-diff` is never offered. PACI packets (type 50) are refused.
 * No frame is called droppable: that takes the SPS, which tells the highest temporal layer.
 */
export class H265Depacketizer implements Depacketizer {
  readonly #units: NalUnitCollector

  constructor(store = new FrameStore()) {
    this.#units = new NalUnitCollector(store)
  }

  push(payload: Uint8Array): boolean {
    if (!this.#units.countPacket()) return false
    if (payload.length === 0) return true
    const type = h265NalType(payload)
    if (type === NAL_AGGREGATE) return this.#units.addAggregate(payload, HEADER_LENGTH, isWhole)
    if (type === NAL_FRAGMENT) return this.#pushFragment(payload)
    return isWhole(payload) ? this.#units.addUnit(payload) : this.#units.fail()
  }

  #pushFragment(payload: Uint8Array): boolean {
    if (payload.length < HEADER_LENGTH + 1) return this.#units.fail()
    const fuHeader = payload[2]!
    const type = fuHeader & FU_TYPE_BITS
    if (type >= NAL_AGGREGATE) return this.#units.fail()
    const start = (fuHeader & FU_START) !== 0
    // The forbidden bit and the layer id's first bit stay, the type is the fragmented unit's.
    const header = start ? (((payload[0]! & 0x81) | (type << 1)) << 8) | payload[1]! : -1
    return this.#units.addFragment(header, HEADER_LENGTH, payload, HEADER_LENGTH + 1, (fuHeader & FU_END) !== 0)
  }

  finish(): DepacketizedFrame | undefined {
    const units = this.#units.finish(isSlice)
    if (units === undefined) return undefined
    const keyframe = hasIrap(units)
    return { units, keyframe, recovery: keyframe ? undefined : h265Recovery(units), droppable: false }
  }

  startsFrame(payload: Uint8Array): boolean {
    if (payload.length < HEADER_LENGTH + 1) return false
    const type = h265NalType(payload)
    if (type === NAL_AGGREGATE) {
      return payload.length >= 7 && startsAccessUnit(h265NalType(payload.subarray(4)), payload[6]!)
    }
    if (type !== NAL_FRAGMENT) return isWhole(payload) && startsAccessUnit(type, payload[2]!)
    const start = payload.length > 3 && (payload[2]! & FU_START) !== 0
    return start && startsAccessUnit(payload[2]! & FU_TYPE_BITS, payload[3]!)
  }

  isOfKeyframe(payload: Uint8Array): boolean {
    if (payload.length < HEADER_LENGTH + 1) return false
    const type = h265NalType(payload)
    if (type === NAL_AGGREGATE)
      return someUnit(payload, HEADER_LENGTH, (at) => isIrap(h265NalType(payload.subarray(at))))
    return isIrap(type === NAL_FRAGMENT ? payload[2]! & FU_TYPE_BITS : type)
  }
}

/**
 * Parameter sets, delimiters and prefix SEI come before the slices; the first slice segment says that it is. Not so for
 * IRAP pictures: their parameter sets come first, and when they are lost they may have been new ones.
 */
function startsAccessUnit(type: number, firstSliceByte: number): boolean {
  if (isIrap(type)) return false
  return type > H265NalType.lastSlice || (firstSliceByte & FIRST_SLICE_SEGMENT) !== 0
}

function isIrap(type: number): boolean {
  return type >= H265NalType.blaWithLeading && type <= H265NalType.lastIrap
}

function isSlice(unit: Uint8Array): boolean {
  return h265NalType(unit) <= H265NalType.lastSlice
}

function isWhole(unit: Uint8Array): boolean {
  return unit.length >= HEADER_LENGTH && h265NalType(unit) < NAL_AGGREGATE
}
