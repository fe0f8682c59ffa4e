import type { DepacketizedFrame, Depacketizer } from './depacketizer.js'
import { FragmentList } from './fragment-list.js'
import { FrameStore } from './frame-store.js'

// The first byte of the payload descriptor (RFC 9628 section 4.2).
const HAS_PICTURE_ID = 0x80
const INTER_PREDICTED = 0x40
const HAS_LAYERS = 0x20
const FLEXIBLE = 0x10
const START_OF_LAYER = 0x08
const END_OF_LAYER = 0x04
const HAS_SCALABILITY = 0x02

const SPATIAL_LAYER_BITS = 0x0e
const MAX_REFERENCES = 3
/** Spatial layers are numbered with 3 bits, and a superframe index counts at most 8 frames. */
const MAX_LAYERS = 8

interface Descriptor {
  length: number
  spatialLayer: number
}

/**
 * VP9 (RFC 9628). The spatial layers of one picture are joined to a superframe with its index (VP9 bitstream annex B),
 * which is how files and decoders expect them.
 */
export class Vp9Depacketizer implements Depacketizer {
  readonly #fragments: FragmentList
  readonly #layerEnds: number[] = []
  readonly #descriptor: Descriptor = { length: 0, spatialLayer: 0 }
  #keyframe = false
  #inLayer = false
  #void = false

  constructor(store = new FrameStore()) {
    this.#fragments = new FragmentList(store)
  }

  push(payload: Uint8Array): boolean {
    if (this.#void || !parseDescriptor(payload, this.#descriptor)) return this.#fail()
    const flags = payload[0]!
    const start = (flags & START_OF_LAYER) !== 0
    if (start === this.#inLayer) return this.#fail()
    if (this.#fragments.byteLength === 0) this.#keyframe = (flags & INTER_PREDICTED) === 0
    if (!this.#fragments.push(payload, this.#descriptor.length)) return this.#fail()
    this.#inLayer = (flags & END_OF_LAYER) === 0
    if (!this.#inLayer && this.#layerEnds.push(this.#fragments.byteLength) > MAX_LAYERS) return this.#fail()
    return true
  }

  #fail(): false {
    this.#void = true
    return false
  }

  finish(): DepacketizedFrame | undefined {
    const complete = !this.#void && !this.#inLayer && this.#layerEnds.length > 0
    const frame = complete ? { units: [this.#join()], keyframe: this.#keyframe, droppable: false } : undefined
    this.#fragments.clear()
    this.#layerEnds.length = 0
    this.#inLayer = false
    this.#void = false
    return frame
  }

  #join(): Uint8Array {
    if (this.#layerEnds.length > 1) this.#fragments.push(superframeIndex(this.#layerEnds))
    return this.#fragments.join()
  }

  startsFrame(payload: Uint8Array): boolean {
    const start = (payload[0]! & START_OF_LAYER) !== 0
    return start && parseDescriptor(payload, this.#descriptor) && this.#descriptor.spatialLayer === 0
  }
}

/** Fills `into`; false when the descriptor is cut off or nothing follows it. */
function parseDescriptor(payload: Uint8Array, into: Descriptor): boolean {
  if (payload.length === 0) return false
  const flags = payload[0]!
  let offset = 1
  into.spatialLayer = 0
  if ((flags & HAS_PICTURE_ID) !== 0) offset += (payload[offset]! & 0x80) !== 0 ? 2 : 1
  if ((flags & HAS_LAYERS) !== 0) {
    into.spatialLayer = (payload[offset]! & SPATIAL_LAYER_BITS) >> 1
    offset += (flags & FLEXIBLE) !== 0 ? 1 : 2 // TL0PICIDX outside flexible mode
  }
  if ((flags & FLEXIBLE) !== 0 && (flags & INTER_PREDICTED) !== 0) {
    for (let references = 1; (payload[offset++]! & 1) !== 0; references++)
      if (references === MAX_REFERENCES) return false
  }
  if ((flags & HAS_SCALABILITY) !== 0) offset = skipScalability(payload, offset)
  into.length = offset
  return offset < payload.length
}

/** Skips the scalability structure (section 4.2.1): resolutions of the layers and the references of a group of pictures. */
function skipScalability(payload: Uint8Array, offset: number): number {
  const header = payload[offset]!
  let next = offset + 1
  if ((header & 0x10) !== 0) next += 4 * ((header >> 5) + 1)
  if ((header & 0x08) === 0) return next
  const pictures = payload[next++]!
  for (let picture = 0; picture < pictures && next < payload.length; picture++) next += 1 + ((payload[next]! >> 2) & 3)
  return next
}

/** The index behind the frames of a superframe (VP9 bitstream specification, annex B.2): a marker, sizes, the marker again. */
function superframeIndex(ends: readonly number[]): Uint8Array {
  let largest = 0
  for (let index = 0; index < ends.length; index++) largest = Math.max(largest, ends[index]! - (ends[index - 1] ?? 0))
  const sizeLength = largest < 0x100 ? 1 : largest < 0x1_0000 ? 2 : largest < 0x100_0000 ? 3 : 4
  const index = new Uint8Array(2 + sizeLength * ends.length)
  const marker = 0xc0 | ((sizeLength - 1) << 3) | (ends.length - 1)
  let offset = 0
  index[offset++] = marker
  for (let layer = 0; layer < ends.length; layer++) {
    const size = ends[layer]! - (ends[layer - 1] ?? 0)
    for (let byte = 0; byte < sizeLength; byte++) index[offset++] = size >>> (8 * byte)
  }
  index[offset] = marker
  return index
}
