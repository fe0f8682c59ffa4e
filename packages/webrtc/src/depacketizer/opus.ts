import { MAX_FRAME_BYTES, type DepacketizedFrame, type Depacketizer } from './depacketizer.js'
import { FrameStore } from './frame-store.js'

/** Opus (RFC 7587): the payload is the packet. An empty one, which some senders use for silence, is not a frame. */
export class OpusDepacketizer implements Depacketizer {
  readonly #store: FrameStore
  #packet: Uint8Array | undefined
  #void = false

  constructor(store = new FrameStore()) {
    this.#store = store
  }

  push(payload: Uint8Array): boolean {
    if (this.#packet !== undefined || payload.length === 0 || payload.length > MAX_FRAME_BYTES) this.#void = true
    this.#packet = payload
    return !this.#void
  }

  finish(): DepacketizedFrame | undefined {
    const packet = this.#void ? undefined : this.#packet
    this.#packet = undefined
    this.#void = false
    return packet && { units: [this.#store.keep(packet)], keyframe: true, droppable: false }
  }

  startsFrame(): boolean {
    return true
  }

  isOfKeyframe(): boolean {
    return true
  }
}
