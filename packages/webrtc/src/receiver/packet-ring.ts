import type { Micros } from '@crossroom/media'
import { PayloadStore } from './payload-store.js'

/** No value in an `Int16Array` column. */
export const ABSENT = -1

/** The header extensions of a packet that its frame uses. Reused from packet to packet. */
export interface PacketFacts {
  /** Degrees clockwise, `ABSENT` without the extension. */
  orientation: number
  /** −dBov, `ABSENT` without the extension. */
  audioLevel: number
  /** Sender's NTP clock in microseconds since 1900, `ABSENT` without abs-capture-time. */
  captureNtp: Micros
}

/** No cell: the slot is free. */
const NONE = -1

/**
 * Packets of one stream by unwrapped sequence number, in columns, so that nothing is allocated per packet: payloads lie in cells
 * that are used again. A slot is taken while it has a cell.
 */
export class PacketRing {
  readonly capacity: number
  readonly timestamps: Uint32Array
  readonly markers: Uint8Array
  readonly arrivals: Float64Array
  readonly orientations: Int16Array
  readonly audioLevels: Int16Array
  readonly captureNtps: Float64Array
  readonly #store = new PayloadStore()
  readonly #cells: Int32Array
  readonly #offsets: Uint16Array
  readonly #lengths: Uint16Array

  /** @param capacity packets; a power of two. */
  constructor(capacity: number) {
    this.capacity = capacity
    this.timestamps = new Uint32Array(capacity)
    this.markers = new Uint8Array(capacity)
    this.arrivals = new Float64Array(capacity)
    this.orientations = new Int16Array(capacity)
    this.audioLevels = new Int16Array(capacity)
    this.captureNtps = new Float64Array(capacity)
    this.#cells = new Int32Array(capacity).fill(NONE)
    this.#offsets = new Uint16Array(capacity)
    this.#lengths = new Uint16Array(capacity)
  }

  /** The column index of a sequence number. */
  slot(sequence: number): number {
    return sequence & (this.capacity - 1)
  }

  has(sequence: number): boolean {
    return this.#cells[this.slot(sequence)] !== NONE
  }

  /** Bytes of payload; only of a packet that is there. */
  payloadLength(sequence: number): number {
    return this.#lengths[this.slot(sequence)]!
  }

  /** A view of the payload, good until the packet is removed. */
  payload(sequence: number): Uint8Array | undefined {
    const slot = this.slot(sequence)
    const cell = this.#cells[slot]!
    return cell === NONE ? undefined : this.#store.view(cell, this.#offsets[slot]!, this.#lengths[slot]!)
  }

  /** Copies the payload, `length` bytes of `packet` from `offset` on, into a slot that is free. */
  put(
    sequence: number,
    timestamp: number,
    marker: boolean,
    packet: Uint8Array,
    offset: number,
    length: number,
    arrivedAt: Micros,
    facts: PacketFacts,
  ): void {
    const slot = this.slot(sequence)
    this.#cells[slot] = this.#store.keep(packet, offset, length)
    this.#offsets[slot] = offset
    this.#lengths[slot] = length
    this.timestamps[slot] = timestamp
    this.markers[slot] = marker ? 1 : 0
    this.arrivals[slot] = arrivedAt
    this.orientations[slot] = facts.orientation
    this.audioLevels[slot] = facts.audioLevel
    this.captureNtps[slot] = facts.captureNtp
  }

  remove(sequence: number): void {
    const slot = this.slot(sequence)
    const cell = this.#cells[slot]!
    if (cell === NONE) return
    this.#cells[slot] = NONE
    this.#store.release(cell)
  }

  clear(): void {
    for (let sequence = 0; sequence < this.capacity; sequence++) this.remove(sequence)
  }
}
