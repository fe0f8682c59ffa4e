import { MAX_VP9_FRAMES } from '@crossroom/media'
import type { DepacketizedFrame, Depacketizer } from './depacketizer.js'
import { FragmentList } from './fragment-list.js'
import { FrameStore } from './frame-store.js'
import { Vp9Layers, type Vp9LayerFrame } from './vp9-layers.js'

// The first byte of the payload descriptor (RFC 9628 section 4.2).
const HAS_PICTURE_ID = 0x80
const INTER_PREDICTED = 0x40
const HAS_LAYERS = 0x20
const FLEXIBLE = 0x10
const START_OF_LAYER = 0x08
const END_OF_LAYER = 0x04
const HAS_SCALABILITY = 0x02

const SPATIAL_LAYER_BITS = 0x0e
const DEPENDS_ON_LOWER = 0x01
const MAX_REFERENCES = 3

interface Descriptor {
  length: number
  spatialLayer: number
  dependsOnLower: boolean
}

/** VP9 (RFC 9628). What becomes of the spatial layers of one picture is up to `Vp9Layers`. */
export class Vp9Depacketizer implements Depacketizer {
  readonly #fragments: FragmentList
  readonly #layers: Vp9Layers
  readonly #frames: Vp9LayerFrame[] = []
  readonly #descriptor: Descriptor = { length: 0, spatialLayer: 0, dependsOnLower: false }
  #inLayer = false
  #void = false

  constructor(store = new FrameStore()) {
    this.#fragments = new FragmentList(store)
    this.#layers = new Vp9Layers(store)
  }

  push(payload: Uint8Array): boolean {
    const descriptor = this.#descriptor
    if (this.#void || !parseDescriptor(payload, descriptor)) return this.#fail()
    const flags = payload[0]!
    const start = (flags & START_OF_LAYER) !== 0
    if (start === this.#inLayer || (start && !this.#begin((flags & INTER_PREDICTED) === 0))) return this.#fail()
    if (!this.#fragments.push(payload, descriptor.length)) return this.#fail()
    this.#inLayer = (flags & END_OF_LAYER) === 0
    this.#frames.at(-1)!.end = this.#fragments.byteLength
    return true
  }

  /** Each layer of a picture comes once, the lowest first. */
  #begin(isFirstOfItsKind: boolean): boolean {
    const { spatialLayer, dependsOnLower } = this.#descriptor
    const before = this.#frames.at(-1)
    if (before !== undefined && before.layer >= spatialLayer) return false
    const isIndependent = isFirstOfItsKind && !dependsOnLower
    return this.#frames.push({ layer: spatialLayer, isIndependent, end: 0 }) <= MAX_VP9_FRAMES
  }

  #fail(): false {
    this.#void = true
    return false
  }

  finish(): DepacketizedFrame | undefined {
    const isComplete = !this.#void && !this.#inLayer && this.#frames.length > 0
    const frame = isComplete ? this.#layers.picture(this.#fragments.join(), this.#frames) : undefined
    this.#fragments.clear()
    this.#frames.length = 0
    this.#inLayer = false
    this.#void = false
    return frame
  }

  startsFrame(payload: Uint8Array): boolean {
    const start = (payload[0]! & START_OF_LAYER) !== 0
    return start && parseDescriptor(payload, this.#descriptor) && this.#descriptor.spatialLayer === 0
  }

  isOfKeyframe(payload: Uint8Array): boolean {
    const begins = (payload[0]! & (START_OF_LAYER | INTER_PREDICTED)) === START_OF_LAYER
    return begins && parseDescriptor(payload, this.#descriptor) && !this.#descriptor.dependsOnLower
  }
}

/** Fills `into`; false when the descriptor is cut off or nothing follows it. */
function parseDescriptor(payload: Uint8Array, into: Descriptor): boolean {
  if (payload.length === 0) return false
  const flags = payload[0]!
  let offset = 1
  into.spatialLayer = 0
  into.dependsOnLower = false
  if ((flags & HAS_PICTURE_ID) !== 0) offset += (payload[offset]! & 0x80) !== 0 ? 2 : 1
  if ((flags & HAS_LAYERS) !== 0) {
    into.spatialLayer = (payload[offset]! & SPATIAL_LAYER_BITS) >> 1
    into.dependsOnLower = (payload[offset]! & DEPENDS_ON_LOWER) !== 0
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
