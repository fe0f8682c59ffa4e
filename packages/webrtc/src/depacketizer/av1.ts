import { isAv1Keyframe } from '@crossroom/media'
import {
  MAX_FRAME_BYTES,
  MAX_PACKETS_PER_FRAME,
  MAX_UNITS_PER_FRAME,
  type DepacketizedFrame,
  type Depacketizer,
} from './depacketizer.js'
import { FragmentList } from './fragment-list.js'
import { FrameStore } from './frame-store.js'

// The aggregation header (RTP Payload Format For AV1 v1.0, section 4.4).
const CONTINUES_PREVIOUS = 0x80
const CONTINUED_BY_NEXT = 0x40
const NEW_SEQUENCE = 0x08
const ELEMENT_COUNT_SHIFT = 4
const ELEMENT_COUNT_BITS = 3

// The OBU header and types (AV1 bitstream specification sections 5.3.2 and 6.2.2).
const HAS_EXTENSION = 0x04
const HAS_SIZE = 0x02
const OBU_TEMPORAL_DELIMITER = 2
const OBU_TILE_GROUP = 4
const OBU_REDUNDANT_FRAME_HEADER = 7
const OBU_TILE_LIST = 8
const OBU_PADDING = 15

/**
 * AV1 (RTP Payload Format For AV1). The temporal unit is given in the low-overhead format, each OBU with its size, without
 * temporal delimiters: the shape of a sample in MP4 and Enhanced FLV.
 */
export class Av1Depacketizer implements Depacketizer {
  readonly #store: FrameStore
  readonly #fragments: FragmentList
  readonly #obus: Uint8Array[] = []
  #bytes = 0
  #packets = 0
  #continues = false
  #void = false

  constructor(store = new FrameStore()) {
    this.#store = store
    this.#fragments = new FragmentList(store)
  }

  push(payload: Uint8Array): boolean {
    if (this.#void || payload.length < 2 || ++this.#packets > MAX_PACKETS_PER_FRAME) return this.#fail()
    const header = payload[0]!
    if (((header & CONTINUES_PREVIOUS) !== 0) !== this.#continues) return this.#fail()
    if (!this.#pushElements(payload, (header >> ELEMENT_COUNT_SHIFT) & ELEMENT_COUNT_BITS)) return this.#fail()
    this.#continues = (header & CONTINUED_BY_NEXT) !== 0
    return this.#continues || this.#finishObu() || this.#fail()
  }

  /** Takes the elements apart; `count` 0 means that each, the last too, has its length before it. */
  #pushElements(payload: Uint8Array, count: number): boolean {
    let offset = 1
    for (let element = 1; offset < payload.length; element++) {
      let end = payload.length
      if (element !== count) {
        const length = readLeb128(payload, offset)
        if (length === undefined) return false
        offset = length.next
        end = offset + length.value
        if (end > payload.length) return false
      }
      // All elements before the packet's last one end here.
      if (element > 1 && !this.#finishObu()) return false
      if (!this.#fragments.push(payload.subarray(offset, end))) return false
      offset = end
      if (element === count) break
    }
    return offset === payload.length
  }

  /** Rewrites the collected OBU with a size field. Empty elements are passed over. */
  #finishObu(): boolean {
    if (this.#fragments.byteLength === 0) {
      this.#fragments.clear()
      return true
    }
    const obu = withSize(this.#fragments.join())
    if (obu === undefined) return false
    const type = obuType(obu)
    if (type === OBU_TEMPORAL_DELIMITER || type === OBU_TILE_LIST || type === OBU_PADDING) return true
    this.#bytes += obu.length
    this.#obus.push(obu)
    return this.#obus.length <= MAX_UNITS_PER_FRAME && this.#bytes <= MAX_FRAME_BYTES
  }

  #fail(): false {
    this.#void = true
    return false
  }

  finish(): DepacketizedFrame | undefined {
    const complete = !this.#void && !this.#continues && this.#obus.length > 0
    const unit = complete ? this.#join() : undefined
    this.#fragments.clear()
    this.#obus.length = 0
    this.#bytes = 0
    this.#packets = 0
    this.#continues = false
    this.#void = false
    return unit && { units: [unit], keyframe: isAv1Keyframe(unit), droppable: false }
  }

  #join(): Uint8Array {
    const unit = this.#store.take(this.#bytes)
    let offset = 0
    for (const obu of this.#obus) {
      unit.set(obu, offset)
      offset += obu.length
    }
    return unit
  }

  startsFrame(payload: Uint8Array): boolean {
    if (payload.length < 2 || (payload[0]! & CONTINUES_PREVIOUS) !== 0) return false
    const alone = ((payload[0]! >> ELEMENT_COUNT_SHIFT) & ELEMENT_COUNT_BITS) === 1
    const first = alone ? 1 : readLeb128(payload, 1)?.next
    if (first === undefined || first >= payload.length) return false
    const type = (payload[first]! >> 3) & 0x0f
    return type !== OBU_TILE_GROUP && type !== OBU_REDUNDANT_FRAME_HEADER
  }

  isOfKeyframe(payload: Uint8Array): boolean {
    return (payload[0]! & NEW_SEQUENCE) !== 0
  }
}

function obuType(obu: Uint8Array): number {
  return (obu[0]! >> 3) & 0x0f
}

/** The OBU with `obu_has_size_field` set; undefined when it is shorter than its header or than the size it has already. */
function withSize(obu: Uint8Array): Uint8Array | undefined {
  const headerLength = (obu[0]! & HAS_EXTENSION) !== 0 ? 2 : 1
  if (obu.length < headerLength) return undefined
  if ((obu[0]! & HAS_SIZE) !== 0) {
    const size = readLeb128(obu, headerLength)
    return size !== undefined && size.next + size.value === obu.length ? obu : undefined
  }
  const payloadLength = obu.length - headerLength
  let sizeLength = 1
  while (payloadLength >>> (7 * sizeLength) !== 0) sizeLength++
  const sized = new Uint8Array(obu.length + sizeLength)
  sized.set(obu.subarray(0, headerLength))
  sized[0] = sized[0]! | HAS_SIZE
  for (let index = 0; index < sizeLength; index++) {
    const more = index < sizeLength - 1 ? 0x80 : 0
    sized[headerLength + index] = ((payloadLength >>> (7 * index)) & 0x7f) | more
  }
  sized.set(obu.subarray(headerLength), headerLength + sizeLength)
  return sized
}

/** leb128 (section 4.10.5) up to 2^28 − 1, which no datagram reaches; undefined when longer or cut off. */
function readLeb128(bytes: Uint8Array, offset: number): { value: number; next: number } | undefined {
  let value = 0
  for (let index = 0; index < 4; index++) {
    const byte = bytes[offset + index]
    if (byte === undefined) return undefined
    value |= (byte & 0x7f) << (7 * index)
    if ((byte & 0x80) === 0) return { value, next: offset + index + 1 }
  }
  return undefined
}
