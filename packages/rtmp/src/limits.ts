import type { Micros } from '@crossroom/media'

const KiB = 1024
const MiB = 1024 * KiB
const SECOND = 1_000_000

/** Limits of one connection. Every length from the wire is checked against one of these before any allocation. */
export interface RtmpLimits {
  /** From the start of the session to the end of the handshake, in microseconds; absolute. Default 5 s. */
  readonly handshakeMicros: Micros
  /** From the start of the session to an accepted publish or play, in microseconds; absolute. Default 10 s. */
  readonly authorisedMicros: Micros
  /** A peer that announces smaller chunks (in bytes) is disconnected: they only cost time. Default 128, the initial size. */
  readonly minChunkBytes: number
  /** Larger announced sizes are taken as this one (bytes): no message is longer, so that nothing changes. Default 1 MiB. */
  readonly maxChunkBytes: number
  /** Chunk streams a peer may use. Default 64. */
  readonly chunkStreams: number
  /** Any message before a publish or play was accepted, in bytes. Default 16 KiB. */
  readonly unauthorisedMessageBytes: number
  /** Messages of video, and aggregates, in bytes. Default 4 MiB. */
  readonly videoMessageBytes: number
  /** All other messages, in bytes. Default 64 KiB. */
  readonly otherMessageBytes: number
  /** Messages that have begun and not ended, at the same time. Default 8. */
  readonly partialMessages: number
  /** Script data (`onMetaData`, …), in bytes: some encoders send an index of their recording along. Default 1 MiB. */
  readonly dataMessageBytes: number
  /**
   * What a client may send after `publish` before the answer, in bytes and messages; it is kept and delivered with
   * the answer. At either limit the session asks not to be read, at twice it drops. One message of any size that is
   * allowed later fits. Default 4 MiB and 2048.
   */
  readonly waitingBytes: number
  readonly waitingMessages: number
  /** Bytes of unfinished messages before a publish or play was accepted. Default 64 KiB. */
  readonly unauthorisedPartialBytes: number
  /** The same afterwards. Default 8 MiB. */
  readonly partialBytes: number
  /** Message streams a peer may create. Default 8. */
  readonly messageStreams: number
  /** Commands and pings a peer may send per second in the long run. Default 20. */
  readonly commandsPerSecond: number
  /** The same at once. Default 50. */
  readonly commandBurst: number
  /** Application name and stream name, each without arguments, in characters. Default 1024. */
  readonly nameLength: number
  /** The arguments of tcUrl, application name and stream name, each, in characters: a JWT of 4096 fits. Default 6144. */
  readonly argumentsLength: number
  /** An acknowledgement is not sent for fewer bytes, whatever window the peer asks for. Default 32 KiB. */
  readonly minAcknowledgementBytes: number
  /** The window announced to the peer, in bytes, and assumed of a peer that announces none. Default 2 500 000. */
  readonly windowAcknowledgementBytes: number
}

export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  handshakeMicros: 5 * SECOND,
  authorisedMicros: 10 * SECOND,
  minChunkBytes: 128,
  maxChunkBytes: 1 * MiB,
  chunkStreams: 64,
  unauthorisedMessageBytes: 16 * KiB,
  videoMessageBytes: 4 * MiB,
  otherMessageBytes: 64 * KiB,
  dataMessageBytes: 1 * MiB,
  waitingBytes: 4 * MiB,
  waitingMessages: 2048,
  partialMessages: 8,
  unauthorisedPartialBytes: 64 * KiB,
  partialBytes: 8 * MiB,
  messageStreams: 8,
  commandsPerSecond: 20,
  commandBurst: 50,
  nameLength: 1024,
  argumentsLength: 6 * KiB,
  minAcknowledgementBytes: 32 * KiB,
  windowAcknowledgementBytes: 2_500_000,
}
