import { Driver, type Micros } from '@crossroom/media'
import {
  PeerTransport,
  type IceCredentials,
  type PeerAddress,
  type PeerDatagram,
  type PeerTransportEvent,
  type PeerTransportOptions,
  type SrtpInbound,
  type SrtpKeys,
  type SrtpProfile,
} from '@crossroom/webrtc'
import type { Clock } from '../../../hub/index.js'
import { inListenedTime } from '../../../net/index.js'

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

/** One peer's transport machine, driven, with its way to the port. */
export class RtcPeer {
  readonly #options: RtcPeerOptions
  readonly #transport: PeerTransport
  readonly #driver: Driver<PeerDatagram, PeerDatagram, PeerTransportEvent>
  /** One object for all: there are thousands of calls. */
  readonly #datagram: { address: PeerAddress; bytes: Uint8Array; arrivedAt: Micros } = {
    ...{ address: 0, arrivedAt: 0 },
    bytes: new Uint8Array(0),
  }

  constructor(options: RtcPeerOptions) {
    this.#options = options
    this.#transport = new PeerTransport(options.transport)
    this.#driver = new Driver(this.#transport, inListenedTime(options.clock), {
      output: ({ address, bytes }) => options.send(address, bytes),
      event: (event) => this.#handleEvent(event),
    })
    this.#driver.drain()
  }

  get local(): IceCredentials {
    return this.#transport.local
  }

  get isConnected(): boolean {
    return this.#transport.isConnected
  }

  /** `listened` measures silence, `arrivedAt` is the time of media. */
  handleDatagram(listened: Micros, arrivedAt: Micros, address: PeerAddress, bytes: Uint8Array): void {
    const datagram = this.#datagram
    datagram.address = address
    datagram.bytes = bytes
    datagram.arrivedAt = arrivedAt
    this.#driver.handleInput(datagram, listened)
  }

  /** RTP that the port has decrypted: see `PeerTransport.handleOpened`. */
  handleOpened(listened: Micros, arrivedAt: Micros, address: PeerAddress, packet: Uint8Array, length: number): void {
    this.#transport.handleOpened(listened, address, packet, length, arrivedAt)
    this.#driver.drain(listened)
  }

  restartIce(remote: IceCredentials, offered?: IceCredentials): IceCredentials {
    const local = this.#transport.restartIce(this.#options.clock.listened(), remote, offered)
    this.#driver.drain()
    return local
  }

  addressClosed(address: PeerAddress): void {
    this.#transport.addressClosed(this.#options.clock.listened(), address)
    this.#driver.drain()
  }

  /** Says goodbye and ends. Idempotent. */
  close(): void {
    this.#transport.close(this.#options.clock.listened())
    this.#driver.drain()
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
        this.#driver.close()
        this.#options.closed()
        handlers.closed(event.reason, event.kind === 'failed')
    }
  }

  #tellOpenable(addresses: readonly PeerAddress[]): void {
    const { inbound } = this.#transport
    if (inbound !== undefined) for (const address of addresses) this.#options.openable(address, inbound)
  }
}
