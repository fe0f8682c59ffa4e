import type { Micros } from '@crossroom/media'
import {
  PeerTransport,
  type IceCredentials,
  type PeerAddress,
  type PeerTransportEvent,
  type PeerTransportOptions,
  type SrtpInbound,
  type SrtpKeys,
  type SrtpProfile,
} from '@crossroom/webrtc'
import type { Clock } from '../../hub/index.js'

/** What a session does at each turn of its peer's life. */
export interface RtcPeerHandlers {
  connected(keys: SrtpKeys, profile: SrtpProfile, address: PeerAddress | undefined): void
  moved(address: PeerAddress | undefined): void
  /** The last call. `failed` never connected. */
  closed(reason: string, failed: boolean): void
}

export interface RtcPeerOptions {
  readonly clock: Clock
  readonly transport: PeerTransportOptions
  readonly handlers: RtcPeerHandlers
  send(address: PeerAddress, bytes: Uint8Array): void
  verified(address: PeerAddress): void
  /** From now on packets from this verified address can be opened with `inbound`. */
  openable(address: PeerAddress, inbound: SrtpInbound): void
  dropped(address: PeerAddress): void
  retired(usernameFragment: string): void
  closed(): void
}

/** One peer's transport machine with its timer and its way to the port: the driver of WebRTC. */
export class RtcPeer {
  readonly #options: RtcPeerOptions
  readonly #transport: PeerTransport
  #timerAt: Micros | undefined
  #cancelTimer: (() => void) | undefined
  #draining = false
  #over = false
  /** One for all: they come by the thousand. */
  readonly #datagram: { address: PeerAddress; bytes: Uint8Array; arrivedAt: Micros } = {
    ...{ address: 0, arrivedAt: 0 },
    bytes: new Uint8Array(0),
  }

  constructor(options: RtcPeerOptions) {
    this.#options = options
    this.#transport = new PeerTransport(options.transport)
    this.#schedule()
  }

  get local(): IceCredentials {
    return this.#transport.local
  }

  get isConnected(): boolean {
    return this.#transport.isConnected
  }

  /** `listened` measures silence, `arrivedAt` is the time of media. */
  handleDatagram(listened: Micros, arrivedAt: Micros, address: PeerAddress, bytes: Uint8Array): void {
    if (this.#over) return
    const datagram = this.#datagram
    datagram.address = address
    datagram.bytes = bytes
    datagram.arrivedAt = arrivedAt
    this.#transport.handleInput(listened, datagram)
    if (!this.#transport.isQuiet) this.#drain()
  }

  /** RTP that the port has decrypted: see `PeerTransport.handleOpened`. */
  handleOpened(listened: Micros, arrivedAt: Micros, address: PeerAddress, packet: Uint8Array, length: number): void {
    if (this.#over) return
    this.#transport.handleOpened(listened, address, packet, length, arrivedAt)
    if (!this.#transport.isQuiet) this.#drain()
  }

  restartIce(remote: IceCredentials, offered?: IceCredentials): IceCredentials {
    const local = this.#transport.restartIce(this.#options.clock.listened(), remote, offered)
    this.#drain()
    return local
  }

  addressClosed(address: PeerAddress): void {
    if (this.#over) return
    this.#transport.addressClosed(this.#options.clock.listened(), address)
    this.#drain()
  }

  /** Says goodbye and ends. Idempotent. */
  close(): void {
    if (this.#over) return
    this.#transport.close(this.#options.clock.listened())
    this.#drain()
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (;;) {
        const output = this.#transport.pollOutput()
        if (output !== undefined) {
          this.#options.send(output.address, output.bytes)
          continue
        }
        const event = this.#transport.pollEvent()
        if (event === undefined) break
        this.#handleEvent(event)
      }
    } finally {
      this.#draining = false
    }
    this.#schedule()
  }

  #handleEvent(event: PeerTransportEvent): void {
    const { handlers } = this.#options
    switch (event.kind) {
      case 'verified':
        this.#options.verified(event.address)
        return this.#tellOpenable([event.address])
      case 'dropped':
        return this.#options.dropped(event.address)
      case 'retired':
        return this.#options.retired(event.usernameFragment)
      case 'connected':
        this.#tellOpenable(this.#transport.ice.verified)
        return handlers.connected(event.keys, event.profile, event.address)
      case 'moved':
        return handlers.moved(event.address)
      default:
        this.#over = true
        this.#cancelTimer?.()
        this.#options.closed()
        handlers.closed(event.reason, event.kind === 'failed')
    }
  }

  #tellOpenable(addresses: readonly PeerAddress[]): void {
    const { inbound } = this.#transport
    if (inbound !== undefined) for (const address of addresses) this.#options.openable(address, inbound)
  }

  /** Time-outs mostly move later: a timer that is early asks again, which costs less than one more timer per datagram. */
  #schedule(): void {
    if (this.#over) return
    const at = this.#transport.pollTimeout()
    if (at === undefined || (this.#timerAt !== undefined && this.#timerAt <= at)) return
    this.#cancelTimer?.()
    this.#timerAt = at
    this.#cancelTimer = this.#options.clock.after(at - this.#options.clock.listened(), this.#handleTimer)
  }

  readonly #handleTimer = (): void => {
    this.#timerAt = undefined
    if (this.#over) return
    this.#transport.handleTimeout(this.#options.clock.listened())
    this.#drain()
  }
}
