import type { Micros } from '@crossroom/media'
import type { DtlsEngine, DtlsEvent, DtlsSession, DtlsSessionOptions } from '../engine/dtls.js'
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
  readonly #outputs: Uint8Array[] = []
  readonly #events: DtlsEvent[] = []
  #startedAt: Micros | undefined
  #isConnected = false

  constructor(options: DtlsSessionOptions, keys: SrtpKeys) {
    this.options = options
    this.#keys = keys
  }

  handleInput(now: Micros, datagram: Uint8Array): void {
    this.received.push(datagram.slice())
    this.#startedAt ??= now
    if (datagram[1] === DtlsScript.hello[1]) this.#outputs.push(DtlsScript.hello)
    if (datagram[1] === DtlsScript.finished[1]) {
      this.#isConnected = true
      this.#outputs.push(DtlsScript.finished)
      this.#events.push({ kind: 'connected', profile: 'SRTP_AEAD_AES_128_GCM', keys: this.#keys })
    }
    if (datagram[1] === DtlsScript.wrongCertificate[1])
      this.#events.push({ kind: 'failed', reason: 'fingerprint-mismatch' })
    if (datagram[0] === DtlsScript.goodbye[0]) this.#events.push({ kind: 'closed' })
  }

  handleTimeout(now: Micros): void {
    if (this.#startedAt === undefined) {
      this.#startedAt = now
      if (this.options.role === 'client') this.#outputs.push(DtlsScript.hello)
    } else if (now >= this.#startedAt + HANDSHAKE_TIMEOUT) {
      this.#events.push({ kind: 'failed', reason: 'timeout' })
    }
  }

  pollOutput(): Uint8Array | undefined {
    return this.#outputs.shift()
  }

  pollEvent(): DtlsEvent | undefined {
    return this.#events.shift()
  }

  pollTimeout(): Micros | undefined {
    const isRunning = this.#startedAt !== undefined && !this.#isConnected && !this.isClosed
    return isRunning ? this.#startedAt! + HANDSHAKE_TIMEOUT : undefined
  }

  close(): void {
    if (!this.isClosed && this.#isConnected) this.#outputs.push(DtlsScript.goodbye)
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
