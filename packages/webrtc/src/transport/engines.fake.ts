import { Outbox, type Micros, type Polled } from '@crossroom/media'
import type { DtlsEngine, DtlsEvent, DtlsFailure, DtlsSession, DtlsSessionOptions } from '../engine/dtls.js'
import { SRTP_DROP, type SrtpEngine, type SrtpInbound, type SrtpKeys } from '../engine/srtp.js'

/** A DTLS that talks in single bytes after its content type: enough to drive the transport without cryptography. */
export const DtlsScript = {
  hello: Uint8Array.of(22, 1),
  finished: Uint8Array.of(22, 2),
  wrongCertificate: Uint8Array.of(22, 3),
  goodbye: Uint8Array.of(21, 4),
  garbage: Uint8Array.of(22, 99),
} as const

const HANDSHAKE_TIMEOUT: Micros = 10_000_000

class ScriptedSession implements DtlsSession {
  readonly options: DtlsSessionOptions
  readonly received: Uint8Array[] = []
  isClosed = false
  readonly #keys: SrtpKeys
  readonly #outbox = new Outbox<Uint8Array, DtlsEvent>()
  #startedAt: Micros | undefined
  #isConnected = false

  constructor(options: DtlsSessionOptions, keys: SrtpKeys) {
    this.options = options
    this.#keys = keys
  }

  handleInput(now: Micros, datagram: Uint8Array): void {
    this.received.push(datagram.slice())
    this.#startedAt ??= now
    if (datagram[1] === DtlsScript.hello[1]) this.#outbox.send(DtlsScript.hello)
    if (datagram[1] === DtlsScript.finished[1]) {
      this.#isConnected = true
      this.#outbox.send(DtlsScript.finished)
      this.#outbox.tell({ kind: 'connected', profile: 'SRTP_AEAD_AES_128_GCM', keys: this.#keys })
    }
    if (datagram[1] === DtlsScript.wrongCertificate[1]) this.#fail('fingerprint-mismatch')
    if (datagram[0] === DtlsScript.goodbye[0]) this.#outbox.tell({ kind: 'closed' })
  }

  poll(now: Micros): Polled<Uint8Array, DtlsEvent> {
    if (this.#startedAt === undefined && this.options.role === 'client') {
      this.#startedAt = now
      this.#outbox.send(DtlsScript.hello)
    }
    if (this.#deadline <= now) this.#fail('timeout')
    return this.#outbox.take() ?? this.#deadline
  }

  get #deadline(): Micros {
    const isShakingHands = this.#startedAt !== undefined && !this.#isConnected && !this.isClosed
    return isShakingHands ? this.#startedAt! + HANDSHAKE_TIMEOUT : Infinity
  }

  #fail(reason: DtlsFailure): void {
    this.isClosed = true
    this.#outbox.tell({ kind: 'failed', reason })
  }

  close(): void {
    if (!this.isClosed && this.#isConnected) this.#outbox.send(DtlsScript.goodbye)
    this.isClosed = true
  }
}

/** Packets whose last byte is `0xaa` are authentic and lose it; the same packet twice is a replay. */
class MarkedInbound implements SrtpInbound {
  isClosed = false
  readonly #seen = new Set<string>()

  unprotectRtp(packet: Uint8Array, length: number): number {
    if (this.isClosed || length < 2) return SRTP_DROP.malformed
    if (packet[length - 1] !== 0xaa) return SRTP_DROP.forged
    const text = packet.subarray(0, length).join()
    if (this.#seen.has(text)) return SRTP_DROP.replayed
    this.#seen.add(text)
    return length - 1
  }

  unprotectRtcp(packet: Uint8Array, length: number): number {
    return this.unprotectRtp(packet, length)
  }

  counters() {
    return { rtpPackets: 0, rtcpPackets: 0, malformed: 0, forged: 0, replayed: 0 }
  }

  close(): void {
    this.isClosed = true
  }
}

/** Engines for transport tests; what they made can be looked at. */
export class ScriptedEngines implements DtlsEngine, SrtpEngine {
  readonly fingerprint = { algorithm: 'sha-256', value: 'AB' }
  readonly sessions: ScriptedSession[] = []
  readonly inbounds: MarkedInbound[] = []
  readonly keys = {} as SrtpKeys

  createSession(options: DtlsSessionOptions): DtlsSession {
    const session = new ScriptedSession(options, this.keys)
    this.sessions.push(session)
    return session
  }

  createInbound(): SrtpInbound {
    const inbound = new MarkedInbound()
    this.inbounds.push(inbound)
    return inbound
  }

  close(): void {
    this.sessions.length = 0
  }
}
