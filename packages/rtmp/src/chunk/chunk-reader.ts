import { readUint24, readUint32 } from '@crossroom/media'
import type { RtmpLimits } from '../limits.js'
import { MessageType } from '../message/message-type.js'
import { ProtocolError, type ProtocolErrorCode } from '../protocol-error.js'
import { ChunkStream } from './chunk-stream.js'

/** Receives the messages of a `ChunkReader`. It may call `authorised` and `stop` of the reader meanwhile. */
export interface MessageSink {
  /**
   * One complete message, except Set Chunk Size and Abort, which the reader obeys itself. `timestamp` is milliseconds
   * modulo 2^32. `payload` has exactly the size of the message, an ArrayBuffer of its own, and is never written again.
   */
  onMessage(messageType: number, messageStreamId: number, timestamp: number, payload: Uint8Array): void
}

/** RTMP 1.0, section 5.4.1. */
const INITIAL_CHUNK_SIZE = 128
const EXTENDED = 0xffffff
const EXTENDED_LENGTH = 4
/** Bytes of the message header for header types 0 to 3 (section 5.3.1.2). */
const MESSAGE_HEADER_LENGTHS = [11, 7, 3, 0] as const
/** Input is taken in pieces of at most this size, so that it hardly ever makes the buffer grow. */
const PIECE_LENGTH = 16 * 1024
const SMALLEST_BUFFER = 1024
/** A buffer that a large message made larger than this is given up after that message. */
const LARGEST_KEPT_BUFFER = 256 * 1024
const NEED_MORE = -1

/**
 * Reads the chunk stream of a peer (RTMP 1.0, section 5.3) in pieces of any size.
 *
 * All bytes pass through one buffer: `[message in progress | unread]`. The payloads of the chunks of a message are moved
 * together in place, and a complete message is copied out once, at its exact size: no allocation per chunk, nothing
 * allocated from a declared length, and no message keeps a receive buffer alive. A message that begins while another is
 * in progress (LiteAV sends audio between the chunks of a video frame) is usually short enough to be complete at once;
 * otherwise it collects in an array of its own.
 */
export class ChunkReader {
  readonly #limits: RtmpLimits
  readonly #sink: MessageSink
  readonly #streams = new Map<number, ChunkStream>()
  #error: ProtocolError | undefined
  #stopped = false
  #peer: 'stranger' | 'waiting' | 'authorised' = 'stranger'
  #chunkSize = INITIAL_CHUNK_SIZE

  #buffer = new Uint8Array(0)
  /** Unread bytes are `[#cursor, #end)` of the buffer. */
  #cursor = 0
  #end = 0
  /** Whose message is in progress in `[0, #inPlaceLength)` of the buffer. */
  #inPlace: ChunkStream | undefined
  #inPlaceLength = 0

  /** Whose chunk is being read, and how many of its payload bytes are still to come. */
  #current: ChunkStream | undefined
  #chunkRemaining = 0
  #partialMessages = 0
  /** Bytes of the arrays of messages that began while another was in progress. */
  #bytesApart = 0

  constructor(limits: RtmpLimits, sink: MessageSink) {
    this.#limits = limits
    this.#sink = sink
  }

  /** Bytes that the reader holds on to. */
  get heldBytes(): number {
    return this.#buffer.length + this.#bytesApart
  }

  /** From now on the limits for accepted peers count. */
  authorised(): void {
    this.#peer = 'authorised'
  }

  /** The peer asked to publish and was not answered yet: its messages may be as long as `waitingBytes`. */
  awaitsAnswer(): void {
    if (this.#peer === 'stranger') this.#peer = 'waiting'
  }

  /** No further message is delivered; the rest of the input is ignored. */
  stop(): void {
    this.#stopped = true
    this.#buffer = new Uint8Array(0)
    this.#streams.clear()
  }

  /** Takes the next bytes of the peer. Returns what ends the connection; the reader is then stopped. */
  read(input: Uint8Array): ProtocolError | undefined {
    let offset = 0
    while (offset < input.length && !this.#stopped) {
      const length = Math.min(input.length - offset, PIECE_LENGTH)
      this.#append(length === input.length ? input : input.subarray(offset, offset + length))
      offset += length
      while (!this.#stopped && this.#readChunk());
    }
    return this.#error
  }

  #append(piece: Uint8Array): void {
    const unread = this.#end - this.#cursor
    const start = this.#inPlaceLength
    const needed = start + unread + piece.length
    if (needed > this.#buffer.length) this.#growBuffer(needed)
    if (unread > 0) this.#buffer.copyWithin(start, this.#cursor, this.#end)
    this.#buffer.set(piece, start + unread)
    this.#cursor = start
    this.#end = needed
  }

  #growBuffer(needed: number): void {
    const whole = (this.#inPlace?.messageLength ?? 0) + PIECE_LENGTH
    const grown = new Uint8Array(Math.max(needed, SMALLEST_BUFFER, Math.min(2 * this.#inPlaceLength, whole)))
    grown.set(this.#buffer.subarray(0, this.#end))
    this.#buffer = grown
  }

  /** Reads one chunk, or the available part of its payload. False when more input is needed. */
  #readChunk(): boolean {
    if (this.#chunkRemaining === 0 && !this.#readHeader()) return false
    const stream = this.#current!
    const length = Math.min(this.#chunkRemaining, this.#end - this.#cursor)
    if (length === 0 && stream.messageLength > 0) return false
    this.#chunkRemaining -= length
    if (length === stream.messageLength) return this.#deliver(stream, this.#takeUnread(length))
    if (!this.#makeRoom(stream, length)) return false
    this.#collect(stream, length)
    if (stream.received === stream.messageLength) this.#deliver(stream, this.#takeCollected(stream))
    return true
  }

  #takeUnread(length: number): Uint8Array {
    const payload = this.#buffer.slice(this.#cursor, this.#cursor + length)
    this.#cursor += length
    return payload
  }

  /** Finds a place for the next `length` bytes of the message of `stream`, if the limits allow it. */
  #makeRoom(stream: ChunkStream, length: number): boolean {
    const { partialMessages, partialBytes, unauthorisedPartialBytes, waitingBytes } = this.#limits
    if (stream.received === 0) {
      this.#partialMessages += 1
      this.#inPlace ??= stream
    }
    if (this.#partialMessages > partialMessages) {
      return this.#fail('RTMP_PARTIAL_MESSAGES', `more than ${partialMessages} messages begun and not ended`)
    }
    const held = stream.partial?.length ?? 0
    const needed = stream.received + length
    const grows = this.#inPlace !== stream && held < needed
    const capacity = grows ? Math.min(stream.messageLength, Math.max(needed, 2 * held)) : held
    const allowed = { stranger: unauthorisedPartialBytes, waiting: 2 * waitingBytes, authorised: partialBytes }[
      this.#peer
    ]
    if (this.heldBytes + capacity - held > allowed) {
      return this.#fail('RTMP_PARTIAL_MESSAGES', `unfinished messages take more than ${allowed} bytes`)
    }
    if (grows) this.#growPartial(stream, capacity)
    return true
  }

  #growPartial(stream: ChunkStream, capacity: number): void {
    const grown = new Uint8Array(capacity)
    if (stream.partial !== undefined) grown.set(stream.partial)
    this.#bytesApart += capacity - (stream.partial?.length ?? 0)
    stream.partial = grown
  }

  /** Adds the next `length` unread bytes to the message of `stream`. */
  #collect(stream: ChunkStream, length: number): void {
    if (this.#inPlace === stream) {
      this.#buffer.copyWithin(this.#inPlaceLength, this.#cursor, this.#cursor + length)
      this.#inPlaceLength += length
    } else {
      // Byte by byte: a bulk copy from one array to another needs a view, and so an allocation per chunk.
      const partial = stream.partial!
      for (let index = 0; index < length; index++)
        partial[stream.received + index] = this.#buffer[this.#cursor + index]!
    }
    stream.received += length
    this.#cursor += length
  }

  #takeCollected(stream: ChunkStream): Uint8Array {
    const payload = this.#inPlace === stream ? this.#buffer.slice(0, this.#inPlaceLength) : stream.partial!
    this.#forget(stream)
    if (this.#buffer.length > LARGEST_KEPT_BUFFER) {
      this.#buffer = this.#buffer.slice(this.#cursor, this.#end)
      this.#end -= this.#cursor
      this.#cursor = 0
    }
    return payload
  }

  /** Drops the unfinished message of `stream`. */
  #forget(stream: ChunkStream): void {
    if (stream.received === 0) return
    stream.received = 0
    this.#partialMessages -= 1
    if (this.#inPlace === stream) {
      this.#inPlaceLength = 0
      this.#inPlace = undefined
    } else {
      this.#bytesApart -= stream.partial!.length
      stream.partial = undefined
    }
  }

  #deliver(stream: ChunkStream, payload: Uint8Array): boolean {
    switch (stream.messageType) {
      case MessageType.setChunkSize:
        return this.#setChunkSize(payload)
      case MessageType.abort:
        return this.#abort(payload)
      default:
        this.#sink.onMessage(stream.messageType, stream.messageStreamId, stream.timestamp, payload)
        return true
    }
  }

  /** Section 5.4.1. The first bit must be zero; values below 128 are legal there and refused here. */
  #setChunkSize(payload: Uint8Array): boolean {
    const { minChunkBytes, maxChunkBytes } = this.#limits
    const size = payload.length < 4 ? 0 : readUint32(payload, 0)
    if (size < minChunkBytes || size > 0x7fffffff) {
      return this.#fail('RTMP_CHUNK_SIZE', `chunk size ${size}, at least ${minChunkBytes} and below 2^31 is accepted`)
    }
    this.#chunkSize = Math.min(size, maxChunkBytes)
    return true
  }

  /** Section 5.4.2. Aborting without a message in progress does nothing. */
  #abort(payload: Uint8Array): boolean {
    if (payload.length < 4) return this.#fail('RTMP_CHUNK_HEADER', `Abort message of ${payload.length} bytes`)
    const stream = this.#streams.get(readUint32(payload, 0))
    if (stream !== undefined) this.#forget(stream)
    return true
  }

  /** Reads a chunk header (section 5.3.1) if it is complete; then `#current` and `#chunkRemaining` tell of its payload. */
  #readHeader(): boolean {
    const buffer = this.#buffer
    const available = this.#end - this.#cursor
    if (available === 0) return false
    const headerType = buffer[this.#cursor]! >> 6
    let chunkStreamId = buffer[this.#cursor]! & 0x3f
    const basicLength = chunkStreamId === 0 ? 2 : chunkStreamId === 1 ? 3 : 1
    const messageHeaderLength = MESSAGE_HEADER_LENGTHS[headerType]!
    if (available < basicLength + messageHeaderLength) return false
    if (basicLength > 1) {
      chunkStreamId = 64 + buffer[this.#cursor + 1]!
      if (basicLength === 3) chunkStreamId += buffer[this.#cursor + 2]! << 8
    }
    const stream = this.#streams.get(chunkStreamId) ?? this.#openStream(chunkStreamId, headerType)
    if (stream === undefined) return false
    const at = this.#cursor + basicLength
    const next = headerType === 3 ? this.#readType3(stream, at) : this.#readTypes0To2(stream, headerType, at)
    if (next === NEED_MORE) return false
    this.#cursor = next
    this.#current = stream
    this.#chunkRemaining = Math.min(this.#chunkSize, stream.messageLength - stream.received)
    return true
  }

  #openStream(chunkStreamId: number, headerType: number): ChunkStream | undefined {
    // Type 1 lacks only the message stream id: librtmp opens the control stream with it.
    if (headerType > 1) {
      this.#fail('RTMP_CHUNK_HEADER', `chunk stream ${chunkStreamId} begins with header type ${headerType}`)
      return undefined
    }
    if (this.#streams.size >= this.#limits.chunkStreams) {
      this.#fail('RTMP_CHUNK_STREAMS', `more than ${this.#limits.chunkStreams} chunk streams`)
      return undefined
    }
    const stream = new ChunkStream(chunkStreamId)
    this.#streams.set(chunkStreamId, stream)
    return stream
  }

  #readTypes0To2(stream: ChunkStream, headerType: number, at: number): number {
    const buffer = this.#buffer
    let field = readUint24(buffer, at)
    const isExtended = field === EXTENDED
    let next = at + MESSAGE_HEADER_LENGTHS[headerType]!
    if (isExtended) {
      if (this.#end - next < EXTENDED_LENGTH) return NEED_MORE
      field = readUint32(buffer, next)
      next += EXTENDED_LENGTH
    }
    if (stream.received > 0) {
      this.#fail(
        'RTMP_CHUNK_HEADER',
        `header type ${headerType} inside a message of chunk stream ${stream.chunkStreamId}`,
      )
      return NEED_MORE
    }
    if (headerType < 2) {
      stream.messageLength = readUint24(buffer, at + 3)
      stream.messageType = buffer[at + 6]!
    }
    // The only little-endian number of the protocol.
    if (headerType === 0) {
      stream.messageStreamId =
        (buffer[at + 7]! | (buffer[at + 8]! << 8) | (buffer[at + 9]! << 16) | (buffer[at + 10]! << 24)) >>> 0
    }
    stream.hasExtendedTimestamp = isExtended
    stream.timestampField = field
    stream.timestamp = headerType === 0 ? field : (stream.timestamp + field) >>> 0
    return this.#isLengthAllowed(stream) ? next : NEED_MORE
  }

  /** A type 3 chunk goes on with a message, or begins one whose header is like the last (section 5.3.1.2.4). */
  #readType3(stream: ChunkStream, at: number): number {
    let next = at
    if (stream.hasExtendedTimestamp) {
      const length = this.#repeatedTimestampLength(stream, at)
      if (length === NEED_MORE) return NEED_MORE
      next += length
    }
    if (stream.received === 0) {
      stream.timestamp = (stream.timestamp + stream.timestampField) >>> 0
      if (!this.#isLengthAllowed(stream)) return NEED_MORE
    }
    return next
  }

  /**
   * The extended timestamp also appears in type 3 chunks (section 5.3.1.3), but some encoders omit it, and some repeat
   * the absolute timestamp after a delta. So its four bytes count only if they have the expected value.
   */
  #repeatedTimestampLength(stream: ChunkStream, at: number): number {
    const available = Math.min(this.#end - at, EXTENDED_LENGTH)
    if (!this.#startsWith(at, available, stream.timestampField) && !this.#startsWith(at, available, stream.timestamp)) {
      return 0
    }
    return available < EXTENDED_LENGTH ? NEED_MORE : EXTENDED_LENGTH
  }

  #startsWith(at: number, available: number, value: number): boolean {
    for (let index = 0; index < available; index++) {
      if (this.#buffer[at + index] !== ((value >>> (24 - 8 * index)) & 0xff)) return false
    }
    return true
  }

  #isLengthAllowed(stream: ChunkStream): boolean {
    const { unauthorisedMessageBytes, waitingBytes } = this.#limits
    const byPeer = { stranger: unauthorisedMessageBytes, waiting: waitingBytes, authorised: Infinity }[this.#peer]
    const allowed = Math.min(this.#lengthOfType(stream.messageType), byPeer)
    if (stream.messageLength <= allowed) return true
    const sentence = `message of type ${stream.messageType} with ${stream.messageLength} bytes, ${allowed} are allowed`
    return this.#fail('RTMP_MESSAGE_LENGTH', sentence)
  }

  #lengthOfType(messageType: number): number {
    const { videoMessageBytes, dataMessageBytes, otherMessageBytes } = this.#limits
    switch (messageType) {
      case MessageType.video:
      case MessageType.aggregate:
        return videoMessageBytes
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        return dataMessageBytes
      default:
        return otherMessageBytes
    }
  }

  #fail(code: ProtocolErrorCode, sentence: string): false {
    this.#error = new ProtocolError(code, sentence)
    this.stop()
    return false
  }
}
