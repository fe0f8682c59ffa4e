/** Longest RTP packet that is received: a row of `UdpBatch`. Browsers send 1200 bytes. */
export const MAX_RTP_PACKET_BYTES = 2048

/** Allocated at a time: 16 KiB, the packets of a frame of a 1.5 Mbit/s stream. */
const CELLS_PER_CHUNK = 8
/** Kept when nothing is held any more: 128 KiB, what a keyframe or a bad second takes. */
const CHUNKS_KEPT = 8

/**
 * Packets of one stream until they are put together, in cells that are used again: memory that were new for each packet would
 * live just long enough to burden the collector, a hundred times a second and stream.
 */
export class PayloadStore {
  readonly #chunks: Uint8Array[] = []
  /** Cells that are free, the last one first. */
  readonly #free: number[] = []
  #held = 0

  /** Chunks that are allocated: for tests. */
  get chunks(): number {
    return this.#chunks.length
  }

  /**
   * Copies `length` bytes of `packet` from `offset` on, at most `MAX_RTP_PACKET_BYTES`. Answers the cell, from which `view` reads with
   * the same offset and length, until it is released.
   */
  keep(packet: Uint8Array, offset: number, length: number): number {
    const cell = this.#free.pop() ?? this.#grow()
    this.#held++
    const chunk = this.#chunks[Math.floor(cell / CELLS_PER_CHUNK)]!
    const start = (cell % CELLS_PER_CHUNK) * MAX_RTP_PACKET_BYTES
    // All of it: the bytes around the payload cost less than a view of it would.
    if (packet.length <= MAX_RTP_PACKET_BYTES) chunk.set(packet, start)
    else chunk.set(packet.subarray(offset, offset + length), start + offset)
    return cell
  }

  /** The bytes that were kept. */
  view(cell: number, offset: number, length: number): Uint8Array {
    const start = (cell % CELLS_PER_CHUNK) * MAX_RTP_PACKET_BYTES + offset
    return this.#chunks[Math.floor(cell / CELLS_PER_CHUNK)]!.subarray(start, start + length)
  }

  /** Lets another packet have the cell. */
  release(cell: number): void {
    this.#held--
    if (this.#held === 0 && this.#chunks.length > CHUNKS_KEPT) this.#shrink()
    else this.#free.push(cell)
  }

  #grow(): number {
    const first = this.#chunks.length * CELLS_PER_CHUNK
    this.#chunks.push(new Uint8Array(CELLS_PER_CHUNK * MAX_RTP_PACKET_BYTES))
    for (let cell = first + CELLS_PER_CHUNK - 1; cell > first; cell--) this.#free.push(cell)
    return first
  }

  #shrink(): void {
    this.#chunks.length = CHUNKS_KEPT
    this.#free.length = 0
    for (let cell = CHUNKS_KEPT * CELLS_PER_CHUNK - 1; cell >= 0; cell--) this.#free.push(cell)
  }
}
