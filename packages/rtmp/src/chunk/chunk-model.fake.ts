import type { RtmpLimits } from '../limits.js'
import { MessageType } from '../message/message-type.js'
import type { ProtocolErrorCode } from '../protocol-error.js'

/** A message as a reader hands it over. */
export interface ModelMessage {
  readonly messageType: number
  readonly messageStreamId: number
  readonly timestamp: number
  readonly payload: number[]
}

/** The messages of a complete input. */
export interface ModelOutcome {
  readonly messages: ModelMessage[]
  readonly error: ProtocolErrorCode | undefined
}

interface ModelStream {
  timestamp: number
  field: number
  isExtended: boolean
  length: number
  type: number
  streamId: number
  payload: number[]
}

/** Ends the model's reading: the input is used up, or the peer broke a rule. */
class Stop extends Error {
  readonly code: ProtocolErrorCode | undefined

  constructor(code?: ProtocolErrorCode) {
    super(code)
    this.code = code
  }
}

/**
 * RTMP 1.0, section 5.3, read from a whole input with plain arrays: slow and obvious, to compare `ChunkReader` with. The
 * limits on unfinished messages are left to the tests of their own.
 */
export function readWithModel(bytes: Uint8Array, limits: RtmpLimits): ModelOutcome {
  const model = new ChunkModel(bytes, limits)
  try {
    for (;;) model.readChunk()
  } catch (reason) {
    if (reason instanceof Stop) return { messages: model.messages, error: reason.code }
    throw reason
  }
}

class ChunkModel {
  readonly messages: ModelMessage[] = []
  readonly #rest: number[]
  readonly #limits: RtmpLimits
  readonly #streams = new Map<number, ModelStream>()
  #chunkSize = 128

  constructor(bytes: Uint8Array, limits: RtmpLimits) {
    this.#rest = [...bytes]
    this.#limits = limits
  }

  readChunk(): void {
    const first = this.#take(1)
    const headerType = first >> 6
    const low = first & 63
    const chunkStreamId = low === 0 ? 64 + this.#take(1) : low === 1 ? 64 + this.#take(1) + 256 * this.#take(1) : low
    const fields = Array.from({ length: [11, 7, 3, 0][headerType]! }, () => this.#take(1))
    const stream = this.#streams.get(chunkStreamId) ?? this.#open(chunkStreamId, headerType)
    if (headerType === 3) this.#continue(stream)
    else this.#begin(stream, headerType, fields)
    const wanted = Math.min(this.#chunkSize, stream.length - stream.payload.length)
    for (let index = 0; index < wanted; index++) stream.payload.push(this.#take(1))
    if (stream.payload.length === stream.length) this.#finish(stream)
  }

  #take(count: number): number {
    if (this.#rest.length < count) throw new Stop()
    return this.#rest.splice(0, count).reduce((value, byte) => value * 256 + byte, 0)
  }

  #open(chunkStreamId: number, headerType: number): ModelStream {
    if (headerType > 1) throw new Stop('RTMP_CHUNK_HEADER')
    if (this.#streams.size === this.#limits.chunkStreams) throw new Stop('RTMP_CHUNK_STREAMS')
    const stream = { timestamp: 0, field: 0, isExtended: false, length: 0, type: 0, streamId: 0, payload: [] }
    this.#streams.set(chunkStreamId, stream)
    return stream
  }

  #begin(stream: ModelStream, headerType: number, fields: readonly number[]): void {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, type = 0, ...id] = fields
    const field = a * 65_536 + b * 256 + c
    stream.isExtended = field === 0xffffff
    stream.field = stream.isExtended ? this.#take(4) : field
    if (stream.payload.length > 0) throw new Stop('RTMP_CHUNK_HEADER')
    if (headerType < 2) Object.assign(stream, { length: d * 65_536 + e * 256 + f, type })
    if (headerType === 0) stream.streamId = id.reduceRight((value, byte) => value * 256 + byte, 0)
    stream.timestamp = headerType === 0 ? stream.field : (stream.timestamp + stream.field) % 2 ** 32
    this.#checkLength(stream)
  }

  #continue(stream: ModelStream): void {
    if (stream.isExtended) {
      const next = this.#rest.slice(0, 4)
      const isPrefix = (value: number): boolean =>
        next.every((byte, index) => byte === Math.floor(value / 256 ** (3 - index)) % 256)
      if (isPrefix(stream.field) || isPrefix(stream.timestamp)) this.#take(4)
    }
    if (stream.payload.length > 0) return
    stream.timestamp = (stream.timestamp + stream.field) % 2 ** 32
    this.#checkLength(stream)
  }

  #checkLength({ type, length }: ModelStream): void {
    const isLarge = type === MessageType.video || type === MessageType.aggregate
    const allowed = isLarge ? this.#limits.videoMessageBytes : this.#limits.otherMessageBytes
    if (length > allowed) throw new Stop('RTMP_MESSAGE_LENGTH')
  }

  #finish(stream: ModelStream): void {
    const { type: messageType, streamId: messageStreamId, timestamp, payload } = stream
    stream.payload = []
    const value = payload.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0)
    if (messageType === MessageType.setChunkSize) {
      if (payload.length < 4 || value < this.#limits.minChunkBytes || value >= 2 ** 31)
        throw new Stop('RTMP_CHUNK_SIZE')
      this.#chunkSize = Math.min(value, this.#limits.maxChunkBytes)
    } else if (messageType === MessageType.abort) {
      if (payload.length < 4) throw new Stop('RTMP_CHUNK_HEADER')
      const aborted = this.#streams.get(value)
      if (aborted !== undefined) aborted.payload = []
    } else this.messages.push({ messageType, messageStreamId, timestamp, payload })
  }
}
