/** The peer's fault, as a stable name. Adding a name is compatible, changing one is not. */
export type ProtocolErrorCode =
  | 'RTMP_VERSION'
  | 'RTMP_HANDSHAKE_TIMEOUT'
  | 'RTMP_AUTHORISATION_TIMEOUT'
  | 'RTMP_CHUNK_HEADER'
  | 'RTMP_CHUNK_SIZE'
  | 'RTMP_CHUNK_STREAMS'
  | 'RTMP_MESSAGE_LENGTH'
  | 'RTMP_PARTIAL_MESSAGES'
  | 'RTMP_COMMAND'
  | 'RTMP_COMMAND_FLOOD'
  | 'RTMP_SECOND_CONNECT'
  | 'RTMP_NAME_LENGTH'
  | 'RTMP_RESPONSE_TIMEOUT'

/** Why one connection ends. It is handed over as data in the `closed` event, never thrown at the caller of a verb. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, sentence: string) {
    super(sentence)
    this.name = 'ProtocolError'
    this.code = code
  }
}
