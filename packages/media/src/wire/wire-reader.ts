import { wireLimits } from './limits.js'
import { WIRE_HEADER_LENGTH, type WireMessage } from './message.js'

const LENGTH_SIZE = 4

/**
 * Cuts bytes as they arrive into messages. After a length that cannot be, the stream is lost: `broken` stays true and
 * nothing more is read.
 */
export class WireReader {
  readonly #handle: (message: WireMessage) => void
  #chunks: Uint8Array[] = []
  #waiting = 0
  /** Bytes the first message needs before it can be read: first its length, then all of it. */
  #needed = LENGTH_SIZE
  broken = false
  /** Bytes that a message may have behind its length: fewer for a peer that is not known yet. */
  maxBytes: number = wireLimits.messageBytes

  constructor(handle: (message: WireMessage) => void) {
    this.#handle = handle
  }

  push(chunk: Uint8Array): void {
    if (this.broken) return
    this.#chunks.push(chunk)
    this.#waiting += chunk.length
    if (this.#waiting < this.#needed) return
    const bytes = this.#join()
    let offset = 0
    while (!this.broken) {
      const next = this.#readAt(bytes, offset)
      if (next === offset) break
      offset = next
    }
    this.#keep(bytes, offset)
  }

  /** Position of the message after the one at `offset`; `offset` itself if that one is incomplete. */
  #readAt(bytes: Uint8Array, offset: number): number {
    this.#needed = LENGTH_SIZE
    if (bytes.length - offset < LENGTH_SIZE) return offset
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset)
    const length = view.getUint32(0)
    const end = offset + LENGTH_SIZE + length
    if (length < WIRE_HEADER_LENGTH - LENGTH_SIZE || length > this.maxBytes) {
      this.broken = true
      return offset
    }
    this.#needed = LENGTH_SIZE + length
    if (end > bytes.length) return offset
    this.#handle({
      type: view.getUint8(4),
      flags: view.getUint8(5),
      units: view.getUint16(6),
      channel: view.getUint32(8),
      body: bytes.subarray(offset + WIRE_HEADER_LENGTH, end),
    })
    return end
  }

  #join(): Uint8Array {
    const only = this.#chunks.length === 1 ? this.#chunks[0] : undefined
    if (only !== undefined) return only
    const joined = new Uint8Array(this.#waiting)
    let offset = 0
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset)
      offset += chunk.length
    }
    return joined
  }

  #keep(bytes: Uint8Array, offset: number): void {
    const rest = bytes.subarray(offset)
    this.#chunks = rest.length === 0 || this.broken ? [] : [rest]
    this.#waiting = this.broken ? 0 : rest.length
  }
}
