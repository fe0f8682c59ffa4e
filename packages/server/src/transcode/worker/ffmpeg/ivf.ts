import { wireLimits } from '@crossroom/media'

/** IVF, the container of the VP8 test vectors: how ffmpeg takes and gives VP8, VP9 and AV1 through a pipe. */

const FILE_HEADER_LENGTH = 32
/** Length and time stamp before each frame. */
const FRAME_HEADER_LENGTH = 12
const FOURCC = { vp8: 'VP80', vp9: 'VP90', av1: 'AV01' } as const

/** Codecs that IVF holds. */
export type IvfCodec = keyof typeof FOURCC

/** The file header; time stamps count milliseconds. */
export function ivfHead(codec: IvfCodec, width: number, height: number): Uint8Array {
  const head = Buffer.alloc(FILE_HEADER_LENGTH)
  head.write('DKIF')
  head.writeUInt16LE(FILE_HEADER_LENGTH, 6)
  head.write(FOURCC[codec], 8)
  head.writeUInt16LE(width & 0xffff, 12)
  head.writeUInt16LE(height & 0xffff, 14)
  head.writeUInt32LE(1000, 16)
  head.writeUInt32LE(1, 20)
  return head
}

export function ivfFrame(bytes: Uint8Array, timestampMs: number): Uint8Array {
  const out = Buffer.alloc(FRAME_HEADER_LENGTH + bytes.length)
  out.writeUInt32LE(bytes.length)
  out.writeBigUInt64LE(BigInt(timestampMs), 4)
  out.set(bytes, FRAME_HEADER_LENGTH)
  return out
}

/** Cuts an IVF stream into frames. Throws at a frame larger than any frame may be. */
export class IvfReader {
  readonly #handle: (bytes: Uint8Array, timestamp: number) => void
  #bytes: Buffer = Buffer.alloc(0)
  #headRead = false

  constructor(handle: (bytes: Uint8Array, timestamp: number) => void) {
    this.#handle = handle
  }

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (!this.#headRead && this.#bytes.length >= FILE_HEADER_LENGTH) {
      this.#headRead = true
      this.#bytes = this.#bytes.subarray(FILE_HEADER_LENGTH)
    }
    while (this.#headRead && this.#readFrame());
  }

  #readFrame(): boolean {
    const bytes = this.#bytes
    if (bytes.length < FRAME_HEADER_LENGTH) return false
    const end = FRAME_HEADER_LENGTH + bytes.readUInt32LE(0)
    if (end > wireLimits.messageBytes) throw new Error(`An IVF frame of ${String(end)} bytes is too large`)
    if (bytes.length < end) return false
    this.#handle(new Uint8Array(bytes.subarray(FRAME_HEADER_LENGTH, end)), Number(bytes.readBigUInt64LE(4)))
    this.#bytes = bytes.subarray(end)
    return true
  }
}
