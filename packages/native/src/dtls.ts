import { Outbox, type Polled } from '@crossroom/media'
import type {
  CertificateFingerprint,
  DtlsEngine,
  DtlsEvent,
  DtlsFailure,
  DtlsSession,
  DtlsSessionOptions,
  SrtpKeys,
  SrtpProfile,
} from '@crossroom/webrtc'
import { DTLS_STATE } from './addon.js'
import type { Addon, ContextHandle, KeysHandle, SessionHandle } from './addon.js'

/** Largest datagram that leaves, and largest that is looked at. */
const MAX_DATAGRAM_OUT = 1200
const MAX_DATAGRAM_IN = 2048
/** Microseconds from a session's first datagram to its keys. */
const HANDSHAKE_LIMIT = 10 * 1_000_000
const SHA256_BYTES = 32
/** Room for what a session has to send: one buffer for all, copied from. */
const outputRoom = new Uint8Array(MAX_DATAGRAM_OUT)

const PROFILES: readonly SrtpProfile[] = ['SRTP_AEAD_AES_128_GCM', 'SRTP_AES128_CM_SHA1_80']

const FAILURES: Readonly<Record<number, DtlsFailure>> = {
  [DTLS_STATE.fingerprintMismatch]: 'fingerprint-mismatch',
  [DTLS_STATE.noSrtpProfile]: 'no-srtp-profile',
  [DTLS_STATE.protocolFailure]: 'protocol',
}

/** The bytes of a sha-256 fingerprint; undefined for another hash or another shape. */
function parseFingerprint(fingerprint: CertificateFingerprint): Uint8Array | undefined {
  if (fingerprint.algorithm.toLowerCase() !== 'sha-256') return undefined
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/i.test(fingerprint.value)) return undefined
  return Uint8Array.from(fingerprint.value.split(':'), (byte) => Number.parseInt(byte, 16))
}

function formatFingerprint(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}

class NativeDtlsSession implements DtlsSession {
  readonly #addon: Addon
  readonly #closed: () => void
  #handle: SessionHandle | undefined
  readonly #outbox = new Outbox<Uint8Array, DtlsEvent>()
  #state: number = DTLS_STATE.handshaking
  #deadline: number | undefined
  #now = 0
  #outputPending = true
  #timerKnown = false
  #retransmitAt = Infinity
  /** A client speaks first, when it is first polled. */
  #isStarted: boolean

  constructor(addon: Addon, context: ContextHandle, options: DtlsSessionOptions, closed: () => void) {
    this.#addon = addon
    this.#closed = closed
    this.#isStarted = options.role === 'server'
    const fingerprint = parseFingerprint(options.remoteFingerprint)
    if (fingerprint) this.#handle = addon.dtlsSession(context, options.role === 'server', fingerprint)
    else this.#outbox.tell({ kind: 'failed', reason: 'unsupported-fingerprint' })
  }

  handleInput(now: number, datagram: Uint8Array): void {
    if (!this.#handle || datagram.length > MAX_DATAGRAM_IN) return
    this.#start(now)
    this.#enter(this.#addon.dtlsInput(this.#handle, datagram))
  }

  poll(now: number): Polled<Uint8Array, DtlsEvent> {
    if (!this.#isStarted || this.#wakeAt() <= now) this.#tick(now)
    this.#takeOutput()
    return this.#outbox.take() ?? this.#wakeAt()
  }

  #tick(now: number): void {
    if (!this.#handle) return
    this.#isStarted = true
    this.#start(now)
    if (this.#state === DTLS_STATE.handshaking && this.#deadline !== undefined && now >= this.#deadline)
      this.#fail('timeout')
    else this.#enter(this.#addon.dtlsTick(this.#handle))
  }

  /** Only a verb changes what the C side answers, so it is asked once after each. */
  #takeOutput(): void {
    if (!this.#handle || !this.#outputPending) return
    this.#outputPending = false
    for (;;) {
      const length = this.#addon.dtlsOutput(this.#handle, outputRoom)
      if (length <= 0) return
      this.#outbox.send(outputRoom.slice(0, length))
    }
  }

  #wakeAt(): number {
    if (!this.#handle) return Infinity
    if (!this.#timerKnown) {
      const left = this.#addon.dtlsTimeout(this.#handle)
      this.#retransmitAt = left < 0 ? Infinity : this.#now + left
      this.#timerKnown = true
    }
    const isShakingHands = this.#state === DTLS_STATE.handshaking
    return Math.min(this.#retransmitAt, isShakingHands ? (this.#deadline ?? Infinity) : Infinity)
  }

  close(now: number): void {
    if (!this.#handle) return
    this.#now = now
    this.#addon.dtlsShutdown(this.#handle)
    this.#outputPending = true
    this.#release()
  }

  #start(now: number): void {
    this.#now = now
    this.#outputPending = true
    this.#timerKnown = false
    this.#deadline ??= now + HANDSHAKE_LIMIT
  }

  #enter(state: number): void {
    if (state === this.#state || !this.#handle) return
    this.#state = state
    if (state === DTLS_STATE.connected) {
      const keys = this.#addon.dtlsExport(this.#handle)
      const profile = PROFILES[this.#addon.srtpKeysProfile(keys)]!
      this.#outbox.tell({ kind: 'connected', profile, keys: keys as unknown as SrtpKeys })
    } else if (state === DTLS_STATE.closed) {
      this.#outbox.tell({ kind: 'closed' })
      this.#release()
    } else {
      this.#fail(FAILURES[state] ?? 'protocol')
    }
  }

  #fail(reason: DtlsFailure): void {
    this.#outbox.tell({ kind: 'failed', reason })
    this.#release()
  }

  /** Returns the final output (a close_notify or an alert) and frees the C side. */
  #release(): void {
    if (!this.#handle) return
    this.#takeOutput()
    this.#addon.dtlsClose(this.#handle)
    this.#handle = undefined
    this.#closed()
  }
}

/** DTLS by the OpenSSL inside the node binary (c/dtls_*.c). */
export class NativeDtlsEngine implements DtlsEngine {
  readonly fingerprint: CertificateFingerprint
  readonly #addon: Addon
  readonly #sessions = new Set<DtlsSession>()
  #context: ContextHandle | undefined

  constructor(addon: Addon) {
    this.#addon = addon
    this.#context = addon.dtlsContext()
    const digest = new Uint8Array(SHA256_BYTES)
    addon.dtlsFingerprint(this.#context, digest)
    this.fingerprint = { algorithm: 'sha-256', value: formatFingerprint(digest) }
  }

  createSession(options: DtlsSessionOptions): DtlsSession {
    if (!this.#context) throw new Error('the DTLS engine is closed')
    const session: DtlsSession = new NativeDtlsSession(this.#addon, this.#context, options, () => {
      this.#sessions.delete(session)
    })
    this.#sessions.add(session)
    return session
  }

  close(): void {
    if (!this.#context) return
    for (const session of [...this.#sessions]) session.close(0)
    this.#addon.dtlsContextClose(this.#context)
    this.#context = undefined
  }
}

/** The addon's handle behind the opaque keys that the engine gave out. The addon refuses objects that are none. */
export function keysHandle(keys: SrtpKeys): KeysHandle {
  return keys as unknown as KeysHandle
}
