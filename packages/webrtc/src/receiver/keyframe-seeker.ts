import type { Depacketizer } from '../depacketizer/depacketizer.js'
import type { PacketRing } from './packet-ring.js'

/** Looks behind a hole for a keyframe that is there as a whole. Every packet is looked at once. */
export class KeyframeSeeker {
  readonly #ring: PacketRing
  /** The next packet to look at; undefined before a search. */
  #at: number | undefined
  /** First packet of the frame at hand, where all since then are there. */
  #start: number | undefined
  #isKeyframe = false
  #isAtBoundary = false
  #found: number | undefined

  constructor(ring: PacketRing) {
    this.#ring = ring
  }

  /** The hole is closed or passed. */
  reset(): void {
    this.#at = undefined
    this.#found = undefined
  }

  /** The first packet of the first whole keyframe from `from` to `highest`. */
  seek(from: number, highest: number, depacketizer: Depacketizer): number | undefined {
    if (this.#at === undefined) {
      this.#at = from
      this.#start = undefined
      this.#isAtBoundary = false
    }
    for (; this.#found === undefined && this.#at <= highest; this.#at++) this.#look(this.#at, depacketizer)
    return this.#found
  }

  #look(sequence: number, depacketizer: Depacketizer): void {
    const ring = this.#ring
    const payload = ring.payload(sequence)
    if (payload === undefined) {
      this.#start = undefined
      this.#isAtBoundary = false
      return
    }
    const slot = ring.slot(sequence)
    const isAnother = this.#start !== undefined && ring.timestamps[slot] !== ring.timestamps[ring.slot(this.#start)]
    if (isAnother) this.#end()
    if (this.#start === undefined && (this.#isAtBoundary || depacketizer.startsFrame(payload))) {
      this.#start = sequence
      this.#isKeyframe = false
    }
    this.#isKeyframe ||= payload.length > 0 && depacketizer.isOfKeyframe(payload)
    if (ring.markers[slot] === 1) this.#end()
    else this.#isAtBoundary = false
  }

  #end(): void {
    if (this.#start !== undefined && this.#isKeyframe) this.#found ??= this.#start
    this.#start = undefined
    this.#isKeyframe = false
    this.#isAtBoundary = true
  }
}
