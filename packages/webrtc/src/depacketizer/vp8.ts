import type { DepacketizedFrame, Depacketizer } from './depacketizer.js'
import { FragmentList } from './fragment-list.js'
import { FrameStore } from './frame-store.js'

const EXTENDED = 0x80
const NON_REFERENCE = 0x20
const START_OF_PARTITION = 0x10
const PARTITION_BITS = 0x07

const HAS_PICTURE_ID = 0x80
const HAS_TL0_PICTURE_INDEX = 0x40
const HAS_LAYER_OR_KEY_INDEX = 0x30
const LONG_PICTURE_ID = 0x80

/** VP8 (RFC 7741). Picture id and temporal layer are skipped: sequence numbers show missing packets. */
export class Vp8Depacketizer implements Depacketizer {
  readonly #fragments: FragmentList
  #nonReference = false
  #void = false

  constructor(store = new FrameStore()) {
    this.#fragments = new FragmentList(store)
  }

  push(payload: Uint8Array): boolean {
    const offset = descriptorLength(payload)
    const first = this.#fragments.byteLength === 0
    if (offset === undefined || (first && !this.startsFrame(payload))) this.#void = true
    if (this.#void) return false
    if (first) this.#nonReference = (payload[0]! & NON_REFERENCE) !== 0
    if (!this.#fragments.push(payload, offset)) this.#void = true
    return !this.#void
  }

  finish(): DepacketizedFrame | undefined {
    const complete = !this.#void && this.#fragments.byteLength > 0
    const data = complete ? this.#fragments.join() : undefined
    this.#fragments.clear()
    this.#void = false
    // The first bit of the frame header is 0 for keyframes (RFC 6386 section 9.1).
    return data && { units: [data], keyframe: (data[0]! & 1) === 0, droppable: this.#nonReference }
  }

  startsFrame(payload: Uint8Array): boolean {
    return payload.length > 1 && (payload[0]! & (START_OF_PARTITION | PARTITION_BITS)) === START_OF_PARTITION
  }

  isOfKeyframe(payload: Uint8Array): boolean {
    const offset = this.startsFrame(payload) ? descriptorLength(payload) : undefined
    return offset !== undefined && (payload[offset]! & 1) === 0
  }
}

/** Bytes of the payload descriptor (section 4.2); undefined when no payload follows it. */
function descriptorLength(payload: Uint8Array): number | undefined {
  if (payload.length < 2) return undefined
  let length = 1
  if ((payload[0]! & EXTENDED) !== 0) {
    const fields = payload[1]!
    length = 2
    if ((fields & HAS_PICTURE_ID) !== 0) length += (payload[length]! & LONG_PICTURE_ID) !== 0 ? 2 : 1
    if ((fields & HAS_TL0_PICTURE_INDEX) !== 0) length += 1
    if ((fields & HAS_LAYER_OR_KEY_INDEX) !== 0) length += 1
  }
  return length < payload.length ? length : undefined
}
