import { byteLengthOfMessageChunks, writeMessageChunks, type MessageHeader } from '../chunk/chunk-writer.js'
import { encodeCommand, type Command } from '../message/command.js'
import { ChunkStreamId, MessageType } from '../message/message-type.js'
import { encodeControlValue } from '../message/protocol-control.js'
import { encodeUserControl } from '../message/user-control.js'

/** RTMP 1.0, section 5.4.1. */
const INITIAL_CHUNK_SIZE = 128
/**
 * Bytes. ffmpeg, librtmp with rtmpdump, and GStreamer take any size; phones have been served with 4096 (nginx-rtmp) and
 * with 60 000 (SRS) for years. A larger size would save the one byte that 4096 costs per 4 KiB, and nothing else.
 */
export const DEFAULT_OUT_CHUNK_SIZE = 4096

/** The output of a session in chunks, joined so that one turn of the caller's loop is one write. */
export class MessageOutput {
  #chunkSize = INITIAL_CHUNK_SIZE
  #buffer = new Uint8Array(0)
  #length = 0

  get chunkSize(): number {
    return this.#chunkSize
  }

  /** Bytes that are not chunks: the handshake. */
  raw(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  message(header: MessageHeader, payload: Uint8Array): void {
    const { timestampMs } = header
    this.#makeRoom(
      byteLengthOfMessageChunks({ payloadLength: payload.length, chunkSize: this.#chunkSize, timestampMs }),
    )
    this.#length = writeMessageChunks(header, payload, this.#chunkSize, this.#buffer, this.#length)
  }

  /** A protocol control or user control message: message stream 0, timestamp 0 (sections 5.4 and 6.2). */
  control(messageType: number, payload: Uint8Array): void {
    this.message({ chunkStreamId: ChunkStreamId.control, timestampMs: 0, messageType, messageStreamId: 0 }, payload)
  }

  /** Announces a chunk size and uses it from the next message on. */
  setChunkSize(chunkSize: number): void {
    this.control(MessageType.setChunkSize, encodeControlValue(chunkSize))
    this.#chunkSize = chunkSize
  }

  userControl(event: number, value: number): void {
    this.control(MessageType.userControl, encodeUserControl({ event, value }))
  }

  command(command: Command, messageStreamId = 0): void {
    const chunkStreamId = messageStreamId === 0 ? ChunkStreamId.command : ChunkStreamId.status
    const header = { chunkStreamId, timestampMs: 0, messageType: MessageType.commandAmf0, messageStreamId }
    this.message(header, encodeCommand(command))
  }

  data(body: Uint8Array, messageStreamId: number): void {
    const chunkStreamId = ChunkStreamId.data
    this.message({ chunkStreamId, timestampMs: 0, messageType: MessageType.dataAmf0, messageStreamId }, body)
  }

  /** Everything since the last call, in an array that belongs to the caller. */
  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#buffer = new Uint8Array(0)
    this.#length = 0
    return bytes
  }

  #makeRoom(length: number): void {
    const needed = this.#length + length
    if (needed <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length, 256))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}
