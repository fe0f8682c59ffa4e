import { readUint16, writeUint16 } from '@crossroom/media'
import { MAX_FRAME_BYTES, MAX_PACKETS_PER_FRAME, MAX_UNITS_PER_FRAME } from './depacketizer.js'
import { FragmentList } from './fragment-list.js'
import type { FrameStore } from './frame-store.js'

/** Parameter sets and SEI that may come before their picture: VPS, SPS, PPS and a few more. */
const MAX_WAITING_UNITS = 16

/** Whether one of the units of an aggregate fits, whose units begin at `offset` behind their 16-bit lengths. */
export function someUnit(payload: Uint8Array, offset: number, fits: (at: number) => boolean): boolean {
  for (let at = offset; at + 2 < payload.length; at += 2 + readUint16(payload, at)) if (fits(at + 2)) return true
  return false
}

/**
 * The common part of the payload formats of H.264 (RFC 6184) and H.265 (RFC 7798): collecting the NAL units of one
 * access unit from whole units, aggregates and fragments, within the limits of a frame.
 */
export class NalUnitCollector {
  readonly #store: FrameStore
  readonly #fragments: FragmentList
  #units: Uint8Array[] = []
  /** Came without a picture and belong to the next. */
  #waiting: readonly Uint8Array[] = []
  #bytes = 0
  #packets = 0
  /** NAL header of the unit that comes in fragments. */
  #header = 0
  #fragmenting = false
  #void = false

  constructor(store: FrameStore) {
    this.#store = store
    this.#fragments = new FragmentList(store)
  }

  /** Counts a packet; false when the frame is void already or has too many. To be called first for each packet. */
  countPacket(): boolean {
    if (++this.#packets > MAX_PACKETS_PER_FRAME) this.#void = true
    return !this.#void
  }

  /** Marks the frame as void; returns false, for `return collector.fail()`. */
  fail(): false {
    this.#void = true
    return false
  }

  /** Takes a whole NAL unit and copies it. Empty ones, which some encoders send as filler, are passed over. */
  addUnit(unit: Uint8Array): boolean {
    if (this.#fragmenting) return this.fail()
    if (unit.length === 0) return true
    return this.#hasRoomFor(unit.length) ? this.#push(this.#store.keep(unit)) : this.fail()
  }

  #hasRoomFor(bytes: number): boolean {
    this.#bytes += bytes
    return this.#units.length < MAX_UNITS_PER_FRAME && this.#bytes <= MAX_FRAME_BYTES
  }

  #push(unit: Uint8Array): true {
    this.#units.push(unit)
    return true
  }

  /**
   * Takes the aggregated units of `payload` from `offset` on, each behind its 16-bit length. `isWhole` tells a NAL unit
   * from a nested aggregate or fragment, which the RFCs forbid.
   */
  addAggregate(payload: Uint8Array, offset: number, isWhole: (unit: Uint8Array) => boolean): boolean {
    let position = offset
    while (position < payload.length) {
      const start = position + 2
      if (start > payload.length) return this.fail()
      position = start + readUint16(payload, position)
      if (position > payload.length) return this.fail()
      const unit = payload.subarray(start, position)
      if (unit.length > 0 && !isWhole(unit)) return this.fail()
      if (!this.addUnit(unit)) return false
    }
    return true
  }

  /**
   * Takes a fragment: the data of `payload` from `offset` on, behind the FU header. `header` is the rebuilt NAL header, of
   * `headerLength` bytes, and −1 for all fragments but a unit's first.
   */
  addFragment(header: number, headerLength: 1 | 2, payload: Uint8Array, offset: number, end: boolean): boolean {
    const start = header >= 0
    if (start === this.#fragmenting) return this.fail()
    if (start) this.#header = header
    if (!this.#fragments.push(payload, offset)) return this.fail()
    this.#fragmenting = !end
    return !end || this.#join(headerLength)
  }

  #join(headerLength: 1 | 2): boolean {
    if (!this.#hasRoomFor(headerLength + this.#fragments.byteLength)) return this.fail()
    const unit = this.#fragments.join(headerLength)
    if (headerLength === 2) writeUint16(this.#header, unit, 0)
    else unit[0] = this.#header
    return this.#push(unit)
  }

  /**
   * The access unit's NAL units, or undefined when it is void or incomplete; begins the next one. Units that come without a picture,
   * such as parameter sets with a timestamp of their own, are kept for the next picture: then none are given.
   */
  finish(isSlice: (unit: Uint8Array) => boolean): readonly Uint8Array[] | undefined {
    const units = this.#void || this.#fragmenting ? undefined : this.#units
    this.#units = []
    this.#fragments.clear()
    this.#bytes = 0
    this.#packets = 0
    this.#fragmenting = false
    this.#void = false
    if (units === undefined) return undefined
    if (units.some(isSlice)) {
      const all = this.#waiting.length === 0 ? units : [...this.#waiting, ...units]
      this.#waiting = []
      return all
    }
    if (units.length > 0) this.#waiting = units.slice(0, MAX_WAITING_UNITS)
    return []
  }
}
