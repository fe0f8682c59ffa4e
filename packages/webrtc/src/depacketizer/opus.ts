import { MAX_FRAME_BYTES, type DepacketizedFrame, type Depacketizer } from './depacketizer.js'

/** Opus (RFC 7587): the payload is the packet. An empty one, which some senders use for silence, is no frame. */
export class OpusDepacketizer implements Depacketizer {
  #packet: Uint8Array | undefined
  #void = false

  push(payload: Uint8Array): boolean {
    if (this.#packet !== undefined || payload.length === 0 || payload.length > MAX_FRAME_BYTES) this.#void = true
    this.#packet = payload
    return !this.#void
  }

  finish(): DepacketizedFrame | undefined {
    const packet = this.#void ? undefined : this.#packet
    this.#packet = undefined
    this.#void = false
    return packet && { units: [packet], keyframe: true, droppable: false }
  }

  startsFrame(): boolean {
    return true
  }
}
