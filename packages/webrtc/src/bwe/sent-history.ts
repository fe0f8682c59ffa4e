import type { Micros } from '@crossroom/media'

/**
 * Packets remembered per viewer: 1.3 s at 800 packets/s (8 Mbit/s), and feedback that is later than that is of no use any
 * more. 1024 × (8 + 2 + 2) bytes = 12 KiB.
 */
const CAPACITY = 1024
const INDEX_MASK = CAPACITY - 1

/** When which packet left, by transport-wide sequence number: what the feedback is matched with. */
export class SentHistory {
  readonly #sentAt = new Float64Array(CAPACITY)
  readonly #bytes = new Uint16Array(CAPACITY)
  readonly #sequences = new Uint16Array(CAPACITY)

  constructor() {
    this.#sentAt.fill(NaN)
  }

  /** Takes one row of the egress: `count` consecutive packets from `first` on (modulo 2^16) that left together. */
  record(first: number, count: number, bytes: number, sentAt: Micros): void {
    const each = Math.min(0xffff, Math.round(bytes / Math.max(1, count)))
    for (let index = Math.max(0, count - CAPACITY); index < count; index++) {
      const sequence = (first + index) & 0xffff
      const slot = sequence & INDEX_MASK
      this.#sentAt[slot] = sentAt
      this.#bytes[slot] = each
      this.#sequences[slot] = sequence
    }
  }

  /** When the packet left; NaN when it is not known, forgotten, or already taken by `forget`. */
  sentAt(sequence: number): Micros {
    const slot = sequence & INDEX_MASK
    return this.#sequences[slot] === (sequence & 0xffff) ? this.#sentAt[slot]! : NaN
  }

  /** Bytes of a packet that `sentAt` knows. */
  bytes(sequence: number): number {
    return this.#bytes[sequence & INDEX_MASK]!
  }

  /** A packet is reported once: an arrival that is told twice must not count twice. */
  forget(sequence: number): void {
    this.#sentAt[sequence & INDEX_MASK] = NaN
  }
}
