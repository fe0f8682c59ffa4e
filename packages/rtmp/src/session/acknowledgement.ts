import type { RtmpLimits } from '../limits.js'

/** Counts what arrives and tells when the peer wants to hear of it (RTMP 1.0, sections 5.4.3 and 5.4.4). */
export class AcknowledgementCounter {
  readonly #minimum: number
  #window: number
  #received = 0
  #acknowledged = 0

  constructor(limits: RtmpLimits) {
    this.#minimum = limits.minAcknowledgementBytes
    this.#window = limits.windowAcknowledgementBytes
  }

  /** The peer's Window Acknowledgement Size. Zero and other small windows would make every read cost an answer. */
  setWindow(bytes: number): void {
    this.#window = Math.max(bytes, this.#minimum)
  }

  /** Adds `length` bytes; returns the sequence number to send, if one is due: at most one per call. */
  add(length: number): number | undefined {
    this.#received += length
    if (this.#received - this.#acknowledged < this.#window) return undefined
    this.#acknowledged = this.#received
    return this.#received % 2 ** 32
  }
}
