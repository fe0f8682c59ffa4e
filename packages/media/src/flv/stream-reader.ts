import { readUint24, readUint32 } from '../bytes/big-endian.js'
import {
  FLV_PREVIOUS_TAG_SIZE_LENGTH,
  FLV_TAG_HEADER_LENGTH,
  type FlvFileFlags,
  readTagTimestampMs,
} from './file-format.js'

/** One tag of an FLV stream. */
export interface FlvTag {
  /** 8 audio, 9 video, 18 script data. */
  readonly type: number
  /** 0 to 2^32-1. */
  readonly timestampMs: number
  readonly body: Uint8Array
}

/** Bytes of the file header that are needed to know where it ends. */
const FILE_HEADER_LENGTH = 9
/** A header with a greater length is not FLV. */
const MAX_FILE_HEADER_LENGTH = 1024
/** The largest video message that RTMP ingest takes: 4 MiB. */
const DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024
const FIRST_BUFFER_BYTES = 64 * 1024

/**
 * Takes an FLV stream in pieces of any size and gives its tags. Bodies that lie within one piece are views of it; others
 * are gathered in a buffer that grows with what really came. After an error nothing more is read.
 */
export class FlvStreamReader {
  readonly #maxBodyBytes: number
  #header: FlvFileFlags | undefined
  #error: string | undefined
  /** Unconsumed input: `#bytes[#start, #end)`. */
  #bytes: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0
  /** Whether `#bytes` is the reader's own buffer, not the caller's piece. */
  #isOwn = false
  /** Bytes to pass over: PreviousTagSize, and a longer file header. */
  #skip = 0

  /** @param options.maxBodyBytes longest body that is accepted; default 4 MiB. */
  constructor(options: { readonly maxBodyBytes?: number } = {}) {
    this.#maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  }

  /** The flags of the file header; undefined until it came. */
  get header(): FlvFileFlags | undefined {
    return this.#header
  }

  /** Why the stream is invalid. */
  get error(): string | undefined {
    return this.#error
  }

  /** Takes a piece, which must not be written to afterwards. Tags of earlier pieces should be polled before. */
  handleInput(piece: Uint8Array): void {
    if (this.#error !== undefined || piece.length === 0) return
    if (this.#start === this.#end) {
      this.#bytes = piece
      this.#start = 0
      this.#end = piece.length
      this.#isOwn = false
    } else this.#append(piece)
  }

  /** The next tag; undefined when more input is needed or after an error. */
  pollTag(): FlvTag | undefined {
    if (this.#error !== undefined || !this.#passOver()) return undefined
    if (this.#header === undefined && !(this.#readFileHeader() && this.#passOver())) return undefined
    const bytes = this.#bytes
    const start = this.#start
    const available = this.#end - start
    if (available < FLV_TAG_HEADER_LENGTH) return undefined
    const bodyLength = readUint24(bytes, start + 1)
    if (bodyLength > this.#maxBodyBytes) {
      this.#error = `A tag of ${bodyLength} bytes is longer than the ${this.#maxBodyBytes} allowed.`
      return undefined
    }
    if (available < FLV_TAG_HEADER_LENGTH + bodyLength) return undefined
    const bodyStart = start + FLV_TAG_HEADER_LENGTH
    const bodyEnd = bodyStart + bodyLength
    this.#start = bodyEnd
    this.#skip = FLV_PREVIOUS_TAG_SIZE_LENGTH
    return {
      type: bytes[start]! & 0x1f,
      timestampMs: readTagTimestampMs(bytes, start),
      body: this.#isOwn ? bytes.slice(bodyStart, bodyEnd) : bytes.subarray(bodyStart, bodyEnd),
    }
  }

  #readFileHeader(): boolean {
    if (this.#end - this.#start < FILE_HEADER_LENGTH) return false
    const [bytes, start] = [this.#bytes, this.#start]
    const length = readUint32(bytes, start + 5)
    const isFlv = bytes[start] === 0x46 && bytes[start + 1] === 0x4c && bytes[start + 2] === 0x56
    if (!isFlv || length < FILE_HEADER_LENGTH || length > MAX_FILE_HEADER_LENGTH) {
      this.#error = 'The stream does not begin with an FLV file header.'
      return false
    }
    this.#header = { audio: (bytes[start + 4]! & 4) !== 0, video: (bytes[start + 4]! & 1) !== 0 }
    this.#skip = length + FLV_PREVIOUS_TAG_SIZE_LENGTH
    return true
  }

  /** Drops the bytes to pass over; false when some of them are still to come. */
  #passOver(): boolean {
    const now = Math.min(this.#skip, this.#end - this.#start)
    this.#start += now
    this.#skip -= now
    return this.#skip === 0
  }

  /** Appends `piece` to the unconsumed input, in the reader's own buffer. */
  #append(piece: Uint8Array): void {
    const left = this.#end - this.#start
    const needed = left + piece.length
    if (this.#isOwn && this.#start + needed <= this.#bytes.length) {
      this.#bytes.set(piece, this.#end)
      this.#end += piece.length
      return
    }
    const fits = this.#isOwn && needed <= this.#bytes.length
    const target = fits ? this.#bytes : new Uint8Array(Math.max(FIRST_BUFFER_BYTES, 2 * needed))
    target.set(this.#bytes.subarray(this.#start, this.#end))
    target.set(piece, left)
    this.#bytes = target
    this.#start = 0
    this.#end = needed
    this.#isOwn = true
  }
}
