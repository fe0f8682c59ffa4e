import type { Micros } from '@crossroom/media'

/** No value in an `Int16Array` column. */
export const ABSENT = -1

/** What of a packet's header extensions the frame wants. Reused from packet to packet. */
export interface PacketFacts {
  /** Degrees clockwise, `ABSENT` without the extension. */
  orientation: number
  /** −dBov, `ABSENT` without the extension. */
  audioLevel: number
  /** Sender's NTP clock in microseconds since 1900, `ABSENT` without abs-capture-time. */
  captureNtp: Micros
}

/**
 * Packets of one stream by unwrapped sequence number, in columns, so that nothing is allocated per packet but the copy of its
 * payload. A slot is taken while its payload is set.
 */
export class PacketRing {
  readonly capacity: number
  readonly timestamps: Uint32Array
  readonly markers: Uint8Array
  readonly arrivals: Float64Array
  readonly orientations: Int16Array
  readonly audioLevels: Int16Array
  readonly captureNtps: Float64Array
  readonly #payloads: (Uint8Array | undefined)[]

  /** @param capacity packets; a power of two. */
  constructor(capacity: number) {
    this.capacity = capacity
    this.timestamps = new Uint32Array(capacity)
    this.markers = new Uint8Array(capacity)
    this.arrivals = new Float64Array(capacity)
    this.orientations = new Int16Array(capacity)
    this.audioLevels = new Int16Array(capacity)
    this.captureNtps = new Float64Array(capacity)
    this.#payloads = Array.from({ length: capacity }, () => undefined)
  }

  /** The column index of a sequence number. */
  slot(sequence: number): number {
    return sequence & (this.capacity - 1)
  }

  has(sequence: number): boolean {
    return this.#payloads[this.slot(sequence)] !== undefined
  }

  payload(sequence: number): Uint8Array | undefined {
    return this.#payloads[this.slot(sequence)]
  }

  put(
    sequence: number,
    timestamp: number,
    marker: boolean,
    payload: Uint8Array,
    arrivedAt: Micros,
    facts: PacketFacts,
  ): void {
    const slot = this.slot(sequence)
    this.#payloads[slot] = payload
    this.timestamps[slot] = timestamp
    this.markers[slot] = marker ? 1 : 0
    this.arrivals[slot] = arrivedAt
    this.orientations[slot] = facts.orientation
    this.audioLevels[slot] = facts.audioLevel
    this.captureNtps[slot] = facts.captureNtp
  }

  remove(sequence: number): void {
    this.#payloads[this.slot(sequence)] = undefined
  }

  clear(): void {
    this.#payloads.fill(undefined)
  }
}
