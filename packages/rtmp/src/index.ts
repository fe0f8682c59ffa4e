export { ChunkReader } from './chunk/chunk-reader.js'
export type { MessageSink } from './chunk/chunk-reader.js'
export { byteLengthOfMessageChunks, writeMessageChunks } from './chunk/chunk-writer.js'
export type { MessageExtent, MessageHeader } from './chunk/chunk-writer.js'
export { TimestampUnwrapper } from './chunk/timestamp-unwrapper.js'
export type { ClientHandshakeKind } from './handshake/client-handshake.js'
export type { HandshakeCrypto, HmacSha256, RandomBytes } from './handshake/digest.js'
export { DEFAULT_RTMP_LIMITS } from './limits.js'
export type { RtmpLimits } from './limits.js'
export { ChunkStreamId, MessageType } from './message/message-type.js'
export type { MediaMessageType } from './message/message-type.js'
export { ProtocolError } from './protocol-error.js'
export type { ProtocolErrorCode } from './protocol-error.js'
export { RtmpClientSession } from './session/client-session.js'
export type {
  AgreedEvent,
  EndedEvent,
  RefusedEvent,
  RtmpClientEvent,
  RtmpClientSessionOptions,
} from './session/client-session.js'
export { parseRtmpUrl } from './session/rtmp-url.js'
export type { RtmpUrl } from './session/rtmp-url.js'
export type {
  ClosedEvent,
  ConnectEvent,
  MediaEvent,
  PauseEvent,
  PlayEvent,
  PublishEvent,
  RtmpServerEvent,
  StopPlayEvent,
  UnpublishEvent,
} from './session/server-events.js'
export { DEFAULT_OUT_CHUNK_SIZE } from './session/message-output.js'
export { RtmpServerSession } from './session/server-session.js'
export type { RtmpServerCounters, RtmpServerSessionOptions } from './session/server-session.js'
