import type { PictureSizes } from './picture-sizes.js'
import { annexBytesOfH264, annexBytesOfH265, readRtp } from './rtp-sizes.js'

export interface RtspWatchHandlers {
  response(status: number, location: string | undefined): void
  /** What is no RTSP. */
  broken(): void
}

const DOLLAR = 0x24
/** `$`, channel, length (RFC 2326 section 10.12). */
const INTERLEAVED_HEADER = 4
const MAX_HEADER_BYTES = 64 * 1024
const MAX_BODY_BYTES = 1024 * 1024
const decoder = new TextDecoder('latin1')

/**
 * Reads along what an RTSP server sends over TCP: where it redirects to, and how large each picture is, which tells its end
 * before the next one begins.
 */
export class RtspWatch {
  readonly #handlers: RtspWatchHandlers
  #waiting: Uint8Array = new Uint8Array(0)
  /** Bytes of a body that are still to come. */
  #body = 0
  #sums = new Map<number, { h264: number; h265: number }>()
  readonly #sizes = new Map<number, { readonly codec: 'h264' | 'h265'; readonly sizes: PictureSizes }>()
  #isBroken = false

  constructor(handlers: RtspWatchHandlers) {
    this.#handlers = handlers
  }

  /** From now on the sizes of pictures on this channel are told. */
  follow(channel: number, codec: 'h264' | 'h265', sizes: PictureSizes): void {
    this.#sizes.set(channel, { codec, sizes })
  }

  push(chunk: Uint8Array): void {
    if (this.#isBroken) return
    const bytes = this.#waiting.length === 0 ? chunk : joined(this.#waiting, chunk)
    let offset = 0
    for (let next = this.#readAt(bytes, 0); next > offset; next = this.#readAt(bytes, offset)) offset = next
    this.#waiting = bytes.slice(offset)
  }

  /** The offset after what is whole there; `offset` when nothing is. */
  #readAt(bytes: Uint8Array, offset: number): number {
    const length = bytes.length - offset
    if (length === 0 || this.#isBroken) return offset
    if (this.#body > 0) {
      const skipped = Math.min(length, this.#body)
      this.#body -= skipped
      return offset + skipped
    }
    if (bytes[offset] !== DOLLAR) return this.#readResponse(bytes, offset)
    if (length < INTERLEAVED_HEADER) return offset
    const end = offset + INTERLEAVED_HEADER + ((bytes[offset + 2]! << 8) | bytes[offset + 3]!)
    if (end > bytes.length) return offset
    this.#readPacket(bytes[offset + 1]!, bytes.subarray(offset + INTERLEAVED_HEADER, end))
    return end
  }

  #readResponse(bytes: Uint8Array, offset: number): number {
    const end = endOfHeader(bytes, offset)
    if (end === undefined) {
      if (bytes.length - offset > MAX_HEADER_BYTES) this.#break()
      return offset
    }
    const text = decoder.decode(bytes.subarray(offset, end))
    const status = /^RTSP\/\d\.\d (\d{3})/.exec(text.trimStart())?.[1]
    this.#body = Number(/^content-length:[ \t]*(\d{1,9})[ \t]*\r?$/im.exec(text)?.[1] ?? 0)
    if (this.#body > MAX_BODY_BYTES) this.#break()
    // Servers send requests as well, to see whether we are there.
    else if (status !== undefined)
      this.#handlers.response(Number(status), /^location:[ \t]*([^\r\n]*)/im.exec(text)?.[1]?.trim())
    return end
  }

  #readPacket(channel: number, packet: Uint8Array): void {
    const rtp = channel % 2 === 0 ? readRtp(packet) : undefined
    if (rtp === undefined) return
    const sums = this.#sums.get(channel) ?? { h264: 0, h265: 0 }
    this.#sums.set(channel, sums)
    sums.h264 += annexBytesOfH264(rtp.payload)
    sums.h265 += annexBytesOfH265(rtp.payload)
    if (!rtp.marker) return
    const followed = this.#sizes.get(channel)
    followed?.sizes.push(sums[followed.codec])
    sums.h264 = sums.h265 = 0
  }

  #break(): void {
    this.#isBroken = true
    this.#handlers.broken()
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}

/** Behind the empty line. */
function endOfHeader(bytes: Uint8Array, offset: number): number | undefined {
  for (let index = bytes.indexOf(0x0a, offset); index >= 0; index = bytes.indexOf(0x0a, index + 1)) {
    if (bytes[index + 1] === 0x0a) return index + 2
    if (bytes[index + 1] === 0x0d && bytes[index + 2] === 0x0a) return index + 3
  }
  return undefined
}
