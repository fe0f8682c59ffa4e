import type { Micros } from '@crossroom/media'
import type { SrtpInbound } from './srtp.js'

/**
 * A pair of remote address (IP and port) and the local address it was received on: what an ICE tuple is. A small
 * positive integer below 2^31 that the port gives out; the same pair has the same number while it is pinned or among
 * the last 65 536 seen. Numbers from 2^31 on are free for the server's TCP connections.
 */
export type UdpAddress = number

/** The first number that never is a `UdpAddress`: TCP connections count from here. */
export const FIRST_TCP_ADDRESS = 2 ** 31

export interface UdpEndpoint {
  readonly family: 4 | 6
  /** Text without zone or brackets. IPv4 also where the socket is dual-stack. */
  readonly ip: string
  readonly port: number
}

export interface UdpPortOptions {
  /** Address to bind: an IPv4 or IPv6 literal. `0.0.0.0` and `::` (dual-stack) answer from the address that was asked. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Kernel buffer in bytes for what arrives. Default 4 MiB (the kernel may grant less). */
  readonly receiveBuffer?: number
  /** Kernel buffer in bytes for what leaves. Default 4 MiB. */
  readonly sendBuffer?: number
}

/**
 * The datagrams of one wake-up, in arrays that are used again: read everything before the callback returns, copy what
 * must live longer. Bytes may be decrypted in place. `arrivedAt` is the kernel's time of arrival.
 */
export interface UdpBatch {
  readonly count: number
  /** Row i starts at `i * rowSize` in `bytes` and has `lengths[i]` bytes, at most 2048. Skip rows of length 0: they were too long. */
  readonly bytes: Uint8Array
  readonly rowSize: number
  readonly lengths: Uint16Array
  readonly addresses: Uint32Array
  /** Micros on the clock of `process.hrtime`. */
  readonly arrivedAt: Float64Array
  /** Views of `bytes`, made once: each a whole row, of which the datagram is the beginning. */
  readonly rows: readonly Uint8Array[]
  /**
   * Of RTP from an address with a context (`openMedia`), what its `unprotectRtp` answered: the plaintext's length or one of `SRTP_DROP`.
   * 0 for everything else, which is as it came.
   */
  readonly opened: Int16Array
}

export interface UdpPortCounters {
  readonly receivedPackets: number
  readonly receivedBytes: number
  /** Longer than a row. */
  readonly truncated: number
  /** From an address that found no number because every place for it is pinned. */
  readonly unplaced: number
  readonly sentPackets: number
  readonly sentBytes: number
  /** Refused by the kernel: its buffer was full (EAGAIN, ENOBUFS). */
  readonly sendDropped: number
  /** Sends to a number whose address is no longer known, or that the kernel refused for another reason. */
  readonly sendFailed: number
  /** Datagrams that the kernel had no room for (SO_RXQ_OVFL). */
  readonly kernelDropped: number
}

/** One UDP socket. The egress sends on the same socket from its own thread. */
export interface UdpPort {
  /** The port number that was bound. */
  readonly port: number
  /** Receives until `close`. `onBatch` is called once per wake-up; what it throws is reported as an uncaught exception. */
  start(onBatch: (batch: UdpBatch) => void): void
  /** Sends one datagram (STUN, DTLS), never queued. False when the kernel or the address refused it (it is counted). */
  send(datagram: Uint8Array, address: UdpAddress): boolean
  /** The number of a remote address, as if something had arrived from it. Undefined for text that is not an IP address. */
  addressOf(ip: string, port: number): UdpAddress | undefined
  /** The address of a number; undefined if it is no longer known. */
  endpointOf(address: UdpAddress): UdpEndpoint | undefined
  /** Keeps a number from being given to another pair. Call it when ICE verified the address; pins are counted. */
  pin(address: UdpAddress): void
  unpin(address: UdpAddress): void
  /**
   * From now on RTP from this address is decrypted as it is received, which saves a call per packet; undefined, or the end of
   * the context's engine, ends that. To be called for pinned addresses. A context of another engine is not used.
   */
  openMedia(address: UdpAddress, inbound: SrtpInbound | undefined): void
  counters(): UdpPortCounters
  /** Close every egress on it first. Idempotent. */
  close(): void
}

/** Opens ports; `open` throws an error with the system's code (`EADDRINUSE`, …). */
export interface UdpEngine {
  open(options: UdpPortOptions): UdpPort
  /** The present, on the clock of `arrivedAt` and `sentAt`. */
  now(): Micros
}
