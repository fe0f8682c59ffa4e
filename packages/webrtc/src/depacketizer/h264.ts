import { H264NalType, h264NalType, h264Recovery, hasIdr, isH264Droppable } from '@crossroom/media'
import type { DepacketizedFrame, Depacketizer } from './depacketizer.js'
import { FrameStore } from './frame-store.js'
import { NalUnitCollector, someUnit } from './nal-units.js'

// NAL unit types of the payload format (RFC 6184 section 5.2).
const NAL_STAP_A = 24
const NAL_FU_A = 28

const TYPE_BITS = 0x1f
const FU_START = 0x80
const FU_END = 0x40
/** first_mb_in_slice is the Exp-Golomb code at the start of the slice header: a leading 1 bit means 0. */
const FIRST_MACROBLOCK = 0x80

/**
 * H.264 (RFC 6184, modes 0 and 1). STAP-B, MTAP and FU-B belong to the interleaved mode, which is never negotiated; NRI and F of
 * aggregates are not looked at.
 */
export class H264Depacketizer implements Depacketizer {
  readonly #units: NalUnitCollector

  constructor(store = new FrameStore()) {
    this.#units = new NalUnitCollector(store)
  }

  push(payload: Uint8Array): boolean {
    if (!this.#units.countPacket()) return false
    if (payload.length === 0) return true
    const type = payload[0]! & TYPE_BITS
    if (type === NAL_STAP_A) return this.#units.addAggregate(payload, 1, isWhole)
    if (type === NAL_FU_A) return this.#pushFragment(payload)
    return isWhole(payload) ? this.#units.addUnit(payload) : this.#units.fail()
  }

  #pushFragment(payload: Uint8Array): boolean {
    if (payload.length < 2) return this.#units.fail()
    const fuHeader = payload[1]!
    const type = fuHeader & TYPE_BITS
    if (type === 0 || type >= NAL_STAP_A) return this.#units.fail()
    const start = (fuHeader & FU_START) !== 0
    const header = start ? (payload[0]! & ~TYPE_BITS) | type : -1
    return this.#units.addFragment(header, 1, payload, 2, (fuHeader & FU_END) !== 0)
  }

  finish(): DepacketizedFrame | undefined {
    const units = this.#units.finish(isSlice)
    if (units === undefined) return undefined
    const keyframe = hasIdr(units)
    const recovery = keyframe ? undefined : h264Recovery(units, false)
    return { units, keyframe, recovery, droppable: recovery === undefined && isH264Droppable(units) }
  }

  startsFrame(payload: Uint8Array): boolean {
    if (payload.length < 2) return false
    const type = payload[0]! & TYPE_BITS
    if (type === NAL_STAP_A) return payload.length >= 5 && startsAccessUnit(payload[3]! & TYPE_BITS, payload[4]!)
    if (type !== NAL_FU_A) return isWhole(payload) && startsAccessUnit(type, payload[1]!)
    const start = payload.length > 2 && (payload[1]! & FU_START) !== 0
    return start && startsAccessUnit(payload[1]! & TYPE_BITS, payload[2]!)
  }

  isOfKeyframe(payload: Uint8Array): boolean {
    const type = payload[0]! & TYPE_BITS
    if (type === NAL_STAP_A) return someUnit(payload, 1, (at) => (payload[at]! & TYPE_BITS) === H264NalType.idrSlice)
    return (type === NAL_FU_A ? (payload[1] ?? 0) & TYPE_BITS : type) === H264NalType.idrSlice
  }
}

/**
 * Everything but a slice comes before the slices, and the first slice begins at macroblock 0 (section 7.4.1.2.3 of H.264). Not
 * so the slices of an IDR picture: its parameter sets come first, and when they are lost they may have been new ones.
 */
function startsAccessUnit(type: number, secondByte: number): boolean {
  if (type === H264NalType.idrSlice) return false
  return type > H264NalType.idrSlice || (secondByte & FIRST_MACROBLOCK) !== 0
}

function isSlice(unit: Uint8Array): boolean {
  const type = h264NalType(unit)
  return type >= H264NalType.slice && type <= H264NalType.idrSlice
}

function isWhole(unit: Uint8Array): boolean {
  const type = unit[0]! & TYPE_BITS
  return type > 0 && type < NAL_STAP_A
}
