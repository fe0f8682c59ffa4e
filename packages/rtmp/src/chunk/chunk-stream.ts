/** State of one chunk stream of a peer: its last header (RTMP 1.0, section 5.3.1.2) and its unfinished message. */
export class ChunkStream {
  readonly chunkStreamId: number
  /** Milliseconds modulo 2^32 of the current message. */
  timestamp = 0
  /** The timestamp or delta as it stood in the last header of type 0, 1 or 2; a message that begins with type 3 adds it again. */
  timestampField = 0
  hasExtendedTimestamp = false
  messageLength = 0
  messageType = 0
  messageStreamId = 0
  /** Payload bytes received of the current message; 0 between messages. */
  received = 0
  /** Where these bytes are, unless the reader keeps them in its own buffer. */
  partial: Uint8Array | undefined

  constructor(chunkStreamId: number) {
    this.chunkStreamId = chunkStreamId
  }
}
