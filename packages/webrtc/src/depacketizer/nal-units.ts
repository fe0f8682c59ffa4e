import { readUint16 } from '@crossroom/media'
import { MAX_FRAME_BYTES, MAX_PACKETS_PER_FRAME, MAX_UNITS_PER_FRAME } from './depacketizer.js'
import { FragmentList } from './fragment-list.js'

/** Parameter sets and SEI that may come before their picture: VPS, SPS, PPS and a few more. */
const MAX_WAITING_UNITS = 16

/**
 * What the payload formats of H.264 (RFC 6184) and H.265 (RFC 7798) share: collecting the NAL units of one access unit from
 * whole units, aggregates and fragments, within the limits of a frame.
 */
export class NalUnitCollector {
  readonly #fragments = new FragmentList()
  #units: Uint8Array[] = []
  /** Came without a picture and belong to the next. */
  #waiting: readonly Uint8Array[] = []
  #bytes = 0
  #packets = 0
  #fragmenting = false
  #void = false

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

  /** Takes a whole NAL unit. Empty ones, which some encoders send as filler, are passed over. */
  addUnit(unit: Uint8Array): boolean {
    if (this.#fragmenting) return this.fail()
    if (unit.length === 0) return true
    this.#bytes += unit.length
    if (this.#units.length === MAX_UNITS_PER_FRAME || this.#bytes > MAX_FRAME_BYTES) return this.fail()
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
   * Takes a fragment: the data of `payload` from `offset` on, behind the FU header. `header` is the rebuilt NAL header,
   * given at the start only.
   */
  addFragment(header: Uint8Array | undefined, payload: Uint8Array, offset: number, end: boolean): boolean {
    const start = header !== undefined
    if (start === this.#fragmenting) return this.fail()
    if (header !== undefined && !this.#fragments.push(header)) return this.fail()
    if (!this.#fragments.push(payload, offset)) return this.fail()
    this.#fragmenting = !end
    return !end || this.addUnit(this.#fragments.join())
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
