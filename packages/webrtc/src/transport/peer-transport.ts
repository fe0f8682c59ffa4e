import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import type {
  CertificateFingerprint,
  DtlsEngine,
  DtlsEvent,
  DtlsFailure,
  DtlsRole,
  DtlsSession,
} from '../engine/dtls.js'
import type { SrtpEngine, SrtpInbound, SrtpKeys, SrtpProfile } from '../engine/srtp.js'
import { IceAgent, type IceAgentOptions, type IceEvent } from '../ice/agent.js'
import type { IceCredentials } from '../ice/credentials.js'
import type { PeerAddress } from '../ice/tuple.js'
import { datagramKind } from './datagram-kind.js'
import { RateLimit } from './rate-limit.js'

/** A session that has no keys after this long is given up. */
export const CONNECT_DEADLINE: Micros = 15_000_000

/**
 * Authentic RTCP packets taken per second. A browser sends transport feedback up to 20 times and NACKs up to 50 times a
 * second, so this leaves room on a bad network and none for a storm.
 */
export const MAX_RTCP_PER_SECOND = 100

/** A datagram, or on TCP an RFC 4571 frame's content. */
export interface PeerDatagram {
  readonly address: PeerAddress
  /** The bytes alone, without room before or after. Media is decrypted in place. */
  readonly bytes: Uint8Array
  /** When it came, by the clock of media; default: the time of the call. */
  readonly arrivedAt?: Micros
}

export type TransportFailure = DtlsFailure | 'never-connected'

export type PeerTransportEvent =
  /** Datagrams from this address belong to the session: pin it, and make it known to the `IceDemux`. */
  | { readonly kind: 'verified'; readonly address: PeerAddress }
  /** The address no longer belongs to the session: unpin it. */
  | { readonly kind: 'dropped'; readonly address: PeerAddress }
  /** This fragment of before an ICE restart is not answered any more: take it out of the `IceDemux`. */
  | { readonly kind: 'retired'; readonly usernameFragment: string }
  /** Keys are agreed with the peer of the description. Told once. */
  | {
      readonly kind: 'connected'
      readonly address: PeerAddress | undefined
      readonly profile: SrtpProfile
      readonly keys: SrtpKeys
    }
  /** Send elsewhere from now on; undefined: nowhere at present. Only after `connected`. */
  | { readonly kind: 'moved'; readonly address: PeerAddress | undefined }
  /** It never worked. The last event. */
  | { readonly kind: 'failed'; readonly reason: TransportFailure }
  /** It worked and is over. The last event. */
  | { readonly kind: 'closed'; readonly reason: 'consent-expired' | 'peer-closed' | 'closed-here' }

/** Takes media as it arrives, decrypted. The bytes are the caller's buffer and are used again after the call returns. */
export interface MediaReceiver {
  /** The packet is the first `length` bytes: a view of them would be one more object per packet. */
  handleRtp(arrivedAt: Micros, packet: Uint8Array, length: number): void
  handleRtcp(arrivedAt: Micros, compound: Uint8Array): void
}

export interface PeerTransportOptions {
  /** When the session was made: the 15 s to connect begin here. */
  readonly now: Micros
  readonly ice: IceAgentOptions
  readonly dtls: DtlsEngine
  readonly dtlsRole: DtlsRole
  readonly remoteFingerprint: CertificateFingerprint
  readonly srtp: SrtpEngine
  readonly media: MediaReceiver
}

/** Datagrams that led to nothing, by reason. */
export interface PeerTransportCounters {
  /** DTLS, RTP or RTCP from an address that has not shown the password. */
  unverified: number
  /** RTP or RTCP before there were keys. */
  early: number
  /** Forged, replayed or malformed SRTP and SRTCP. */
  undecryptable: number
  /** RTCP above `MAX_RTCP_PER_SECOND`. */
  rtcpOverRate: number
  unknown: number
}

/**
 * One peer's way through ICE and DTLS to SRTP: a machine made of machines. Nothing that a stranger can send ends it;
 * it ends by its own clock, by the peer's authentic goodbye, or because the peer's certificate does not match its
 * description.
 */
export class PeerTransport implements Machine<PeerDatagram, PeerDatagram, PeerTransportEvent> {
  readonly counters: PeerTransportCounters = { unverified: 0, early: 0, undecryptable: 0, rtcpOverRate: 0, unknown: 0 }
  readonly #options: PeerTransportOptions
  readonly #ice: IceAgent
  readonly #outbox = new Outbox<PeerDatagram, PeerTransportEvent>()
  /** DTLS output; its address is chosen when it is sent. */
  readonly #handshake: Uint8Array[] = []
  readonly #rtcpRate: RateLimit
  #dtls: DtlsSession | undefined
  /** The verified address that the handshake last came from: the answer goes there. */
  #dtlsAddress: PeerAddress | undefined
  #inbound: SrtpInbound | undefined
  #connectBy: Micros
  /** Time of the next deadline. Media only moves it later, so it is not recalculated after every packet. */
  #wakeAt: Micros
  #isOver = false

  constructor(options: PeerTransportOptions) {
    this.#options = options
    this.#ice = new IceAgent(options.ice)
    this.#rtcpRate = new RateLimit(MAX_RTCP_PER_SECOND, options.now)
    this.#connectBy = options.now + CONNECT_DEADLINE
    this.#wakeAt = this.#connectBy
  }

  /** Our ICE credentials for the next description. */
  get local(): IceCredentials {
    return this.#ice.local
  }

  get ice(): Pick<IceAgent, 'counters' | 'selected' | 'usernameFragments' | 'verified'> {
    return this.#ice
  }

  get isConnected(): boolean {
    return this.#inbound !== undefined
  }

  /** The keys of the peer's packets, once it is connected: for a port that decrypts by itself (`UdpPort.openMedia`). */
  get inbound(): SrtpInbound | undefined {
    return this.#inbound
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Takes a datagram. Media goes straight to the `MediaReceiver`, with the time of its arrival. `now` may be a clock that
   * stands still with the process: it is what silence is measured with.
   */
  handleInput(now: Micros, { address, bytes, arrivedAt = now }: PeerDatagram): void {
    if (this.#isOver) return
    const kind = datagramKind(bytes)
    if (kind === 'stun') {
      this.#ice.handleInput(now, { address, bytes })
      this.#follow(now)
    } else if (kind === 'unknown') {
      this.counters.unknown++
    } else if (!this.#ice.isVerified(address)) {
      this.counters.unverified++
    } else if (kind === 'dtls') {
      // During a handshake two peers exchange records; afterwards any attacker may send a single datagram.
      if (!this.isConnected) {
        this.#dtlsAddress = address
        this.#ice.prove(address)
      }
      this.#dtls?.handleInput(now, bytes)
      this.#follow(now)
    } else {
      this.#handleMedia(now, arrivedAt, address, bytes, kind === 'rtcp')
    }
  }

  /**
   * Takes RTP that the port has decrypted with `inbound`: the first `length` bytes of `packet`, or one of `SRTP_DROP`. The port
   * knows the peer by its address only, so that is checked here as for all other media.
   */
  handleOpened(now: Micros, address: PeerAddress, packet: Uint8Array, length: number, arrivedAt = now): void {
    if (this.#isOver) return
    if (length < 0) this.counters.undecryptable++
    else if (this.#hear(now, address)) this.#options.media.handleRtp(arrivedAt, packet, length)
    else this.counters.unverified++
  }

  poll(now: Micros): Polled<PeerDatagram, PeerTransportEvent> {
    if (this.#wakeAt <= now) this.#follow(now)
    if (this.#handshake.length > 0) this.#sendHandshake()
    return this.#outbox.take() ?? this.#wakeAt
  }

  /**
   * ICE restart: gives our new credentials for the peer's new ones; `local` where they were offered before. Media flows on
   * over the old way until the peer moves.
   */
  restartIce(now: Micros, remote: IceCredentials, offered?: IceCredentials): IceCredentials {
    const local = this.#ice.restart(now, remote, offered)
    this.#follow(now)
    return local
  }

  /** Tells that a TCP connection is gone. The peer has the rest of its consent time to come back. */
  addressClosed(now: Micros, address: PeerAddress): void {
    this.#ice.remove(now, address)
    this.#follow(now)
  }

  /** Says goodbye (poll once more) and ends. Idempotent. */
  close(now: Micros): void {
    this.#end(now, { kind: 'closed', reason: 'closed-here' })
  }

  #handleMedia(now: Micros, arrivedAt: Micros, address: PeerAddress, bytes: Uint8Array, isRtcp: boolean): void {
    if (this.#inbound === undefined) {
      this.counters.early++
      return
    }
    const length = isRtcp
      ? this.#inbound.unprotectRtcp(bytes, bytes.length)
      : this.#inbound.unprotectRtp(bytes, bytes.length)
    if (length < 0) {
      this.counters.undecryptable++
      return
    }
    this.#hear(now, address)
    if (!isRtcp) this.#options.media.handleRtp(arrivedAt, bytes, length)
    else if (this.#rtcpRate.take(now)) this.#options.media.handleRtcp(arrivedAt, bytes.subarray(0, length))
    else this.counters.rtcpOverRate++
  }

  /** Authentic media came: false from a tuple that is not verified. */
  #hear(now: Micros, address: PeerAddress): boolean {
    const { selected } = this.#ice
    if (!this.#ice.heard(now, address)) return false
    if (this.#ice.selected !== selected) this.#follow(now)
    return true
  }

  /** Handles everything due and collects output of ICE and DTLS. */
  #follow(now: Micros): void {
    const iceAt = this.#followIce(now)
    const dtlsAt = this.#followDtls(now)
    if (this.#connectBy <= now) this.#end(now, { kind: 'failed', reason: 'never-connected' })
    this.#wakeAt = this.#isOver ? Infinity : Math.min(iceAt, dtlsAt, this.#connectBy)
  }

  #followIce(now: Micros): Micros {
    for (;;) {
      const polled = this.#ice.poll(now)
      if (typeof polled === 'number') return polled
      if ('output' in polled) this.#outbox.send(polled.output)
      else this.#handleIceEvent(now, polled.event)
    }
  }

  #handleIceEvent(now: Micros, event: IceEvent): void {
    switch (event.kind) {
      case 'verified':
        this.#outbox.tell(event)
        this.#startDtls()
        return
      case 'dropped':
        if (this.#dtlsAddress === event.address) this.#dtlsAddress = undefined
        this.#outbox.tell(event)
        return
      case 'retired':
        this.#outbox.tell(event)
        return
      case 'selected':
        if (this.isConnected && !this.#isOver) this.#outbox.tell({ kind: 'moved', address: event.address })
        return
      case 'expired':
        if (this.isConnected) this.#end(now, { kind: 'closed', reason: 'consent-expired' })
        else this.#end(now, { kind: 'failed', reason: 'never-connected' })
    }
  }

  /**
   * The association is created when the first check has verified the peer: sessions that are never joined use no native
   * memory.
   */
  #startDtls(): void {
    if (this.#dtls !== undefined || this.#isOver) return
    const { dtls, dtlsRole, remoteFingerprint } = this.#options
    this.#dtls = dtls.createSession({ role: dtlsRole, remoteFingerprint })
  }

  #followDtls(now: Micros): Micros {
    for (;;) {
      const polled = this.#dtls?.poll(now) ?? Infinity
      if (typeof polled === 'number') return polled
      if ('output' in polled) this.#handshake.push(polled.output)
      else this.#handleDtlsEvent(now, polled.event)
    }
  }

  #handleDtlsEvent(now: Micros, event: DtlsEvent): void {
    if (this.#isOver) return
    if (event.kind === 'connected') {
      this.#connectBy = Infinity
      this.#inbound = this.#options.srtp.createInbound(event.keys)
      this.#outbox.tell({ ...event, address: this.#ice.selected })
    } else if (event.kind === 'failed') {
      this.#end(now, { kind: 'failed', reason: event.reason })
    } else {
      this.#end(now, { kind: 'closed', reason: 'peer-closed' })
    }
  }

  /** The handshake is answered where it comes from; what DTLS says later goes where media goes. */
  #sendHandshake(): void {
    const { selected } = this.#ice
    const address = this.isConnected ? (selected ?? this.#dtlsAddress) : (this.#dtlsAddress ?? selected)
    if (address !== undefined) for (const bytes of this.#handshake.splice(0)) this.#outbox.send({ address, bytes })
  }

  #end(now: Micros, event: PeerTransportEvent): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wakeAt = Infinity
    this.#dtls?.close(now)
    this.#followDtls(now)
    this.#sendHandshake()
    this.#dtls = undefined
    this.#inbound?.close()
    this.#ice.close()
    this.#followIce(now)
    this.#outbox.tell(event)
  }
}
