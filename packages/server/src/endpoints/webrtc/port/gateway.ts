import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Micros } from '@crossroom/media'
import {
  FIRST_TCP_ADDRESS,
  FrameStore,
  IceDemux,
  SENT_ROW,
  type CertificateFingerprint,
  type DtlsRole,
  type Egress,
  type EgressEvent,
  type IceCandidate,
  type IceCredentials,
  type MediaReceiver,
  type PeerAddress,
  type UdpBatch,
  type UdpPort,
  type DestinationId,
  type DestinationRoute,
  type WebRtcEngine,
} from '@crossroom/webrtc'
import { connectionLimits } from '../../../config/index.js'
import type { PendingConnection } from '../../../net/index.js'
import type { Clock } from '../../../hub/index.js'
import { RtcPeer, type RtcPeerHandlers } from './peer.js'
import { TcpAddresses } from './tcp-addresses.js'

/** Rows taken from the egress at a time. */
const SENT_ROWS = 1024

/** What the egress tells of one destination. */
export interface DestinationWatcher {
  event(event: EgressEvent): void
  /** Packets that left, for the estimate of the path. */
  sent(firstTransportSequence: number, count: number, bytes: number, sentAt: Micros): void
}

export interface RtcGatewayOptions {
  readonly engine: WebRtcEngine
  readonly port: UdpPort
  readonly candidates: readonly IceCandidate[]
  readonly clock: Clock
  readonly cname: string
}

export interface PeerRequest {
  readonly remote: IceCredentials
  /** Ours, where they were offered before the peer's were known; default new ones. */
  readonly local?: IceCredentials
  readonly remoteFingerprint: CertificateFingerprint
  readonly dtlsRole: DtlsRole
  readonly media: MediaReceiver
  readonly handlers: RtcPeerHandlers
}

/** The one media port: hands datagrams to the peers they belong to, and owns the egress that all destinations share. */
export class RtcGateway {
  readonly egress: Egress
  /** Where all that browsers publish is put together. */
  readonly frames = new FrameStore()
  readonly candidates: readonly IceCandidate[]
  readonly fingerprint: CertificateFingerprint
  readonly cname: string
  readonly #engine: WebRtcEngine
  readonly #port: UdpPort
  readonly #clock: Clock
  readonly #demux = new IceDemux<RtcPeer>()
  readonly #peers = new Set<RtcPeer>()
  readonly #tcp: TcpAddresses
  /** Where the egress's bytes for a destination on TCP go. */
  readonly #tcpDestinations = new Map<DestinationId, PeerAddress>()
  readonly #watchers = new Map<DestinationId, DestinationWatcher>()
  readonly #sentRows = new Float64Array(SENT_ROWS * SENT_ROW.size)
  /** Whose verified address a TCP connection is. */
  readonly #tcpPeers = new Map<PeerAddress, RtcPeer>()
  readonly #strangers = new Map<PeerAddress, PendingConnection>()
  #closed = false

  constructor(options: RtcGatewayOptions) {
    this.#engine = options.engine
    this.#port = options.port
    this.#clock = options.clock
    this.candidates = options.candidates
    this.fingerprint = options.engine.dtls.fingerprint
    this.cname = options.cname
    this.egress = options.engine.createEgress(options.port, { cname: options.cname })
    this.#tcp = new TcpAddresses({
      packet: (address, bytes) => {
        this.#collectSent()
        this.#route(this.#clock.listened(), this.#clock.now(), address, bytes)
      },
      closed: (address) => this.#handleTcpClosed(address),
    })
    this.egress.onReady(() => this.#handleReady())
    options.port.start((batch) => this.#handleBatch(batch))
  }

  /** Peers that are connected or may still connect. */
  get peers(): number {
    return this.#peers.size
  }

  /** Datagrams without a session. */
  get strangers(): number {
    return this.#demux.strangers
  }

  createPeer(request: PeerRequest): RtcPeer {
    const peer: RtcPeer = new RtcPeer({
      clock: this.#clock,
      transport: {
        now: this.#clock.listened(),
        ice: {
          hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
          randomBytes: (length) => randomBytes(length),
          remote: request.remote,
          ...(request.local !== undefined && { local: request.local }),
          endpointOf: (address) => this.#endpointOf(address),
        },
        dtls: this.#engine.dtls,
        dtlsRole: request.dtlsRole,
        remoteFingerprint: request.remoteFingerprint,
        srtp: this.#engine.srtp,
        media: request.media,
      },
      send: (address, bytes) => this.#send(address, bytes),
      verified: (address) => {
        this.#demux.addAddress(address, peer)
        if (address >= FIRST_TCP_ADDRESS) {
          this.#tcpPeers.set(address, peer)
          this.#strangers.get(address)?.settle()
        } else {
          this.#port.pin(address)
          // It may have been another's, whose keys would spoil this one's packets.
          this.#port.openMedia(address, undefined)
        }
      },
      openable: (address, inbound) => {
        if (address < FIRST_TCP_ADDRESS && this.#demux.isOf(address, peer)) this.#port.openMedia(address, inbound)
      },
      dropped: (address) => {
        if (address < FIRST_TCP_ADDRESS) {
          if (this.#demux.isOf(address, peer)) this.#port.openMedia(address, undefined)
          this.#port.unpin(address)
        } else this.#tcp.close(address)
        this.#demux.removeAddress(address, peer)
      },
      retired: (usernameFragment) => this.#demux.removeFragment(usernameFragment),
      closed: () => {
        this.#demux.removeSession(peer)
        this.#peers.delete(peer)
      },
      handlers: request.handlers,
    })
    this.#demux.addFragment(peer.local.usernameFragment, peer)
    this.#peers.add(peer)
    return peer
  }

  /** Our new credentials after an ICE restart: `offered` where they were offered before the peer's were known. */
  restartIce(peer: RtcPeer, remote: IceCredentials, offered?: IceCredentials): IceCredentials {
    const local = peer.restartIce(remote, offered)
    this.#demux.addFragment(local.usernameFragment, peer)
    return local
  }

  /** Where the egress sends a destination's packets; for TCP the bytes come back to us. */
  routeOf(destination: DestinationId | undefined, address: PeerAddress | undefined): DestinationRoute {
    if (destination !== undefined) this.#tcpDestinations.delete(destination)
    if (address === undefined) return { kind: 'none' }
    if (address < FIRST_TCP_ADDRESS) return { kind: 'udp', address }
    if (destination !== undefined) this.#tcpDestinations.set(destination, address)
    return { kind: 'tcp' }
  }

  forget(destination: DestinationId): void {
    this.#tcpDestinations.delete(destination)
    this.#watchers.delete(destination)
  }

  /** Accepts a TCP connection (RFC 6544, passive candidate); closes it unless it is verified in time. */
  handleTcp(socket: Socket, stranger: PendingConnection): void {
    const address = this.#tcp.add(socket)
    this.#strangers.set(address, stranger)
    const cancel = this.#clock.after(connectionLimits.authorisedMicros, () => {
      if (!this.#tcpPeers.has(address)) this.#tcp.close(address)
    })
    socket.once('close', () => {
      this.#strangers.delete(address)
      cancel()
    })
  }

  /** Calls back with what the egress tells of one destination, until `forget`. */
  watch(destination: DestinationId, watcher: DestinationWatcher): void {
    this.#watchers.set(destination, watcher)
  }

  #handleReady(): void {
    for (let event = this.egress.pollEvent(); event !== undefined; event = this.egress.pollEvent())
      this.#watchers.get(event.destination)?.event(event)
    this.#pumpStreams()
  }

  /** Writes what the egress has for destinations on TCP. */
  #pumpStreams(): void {
    for (let piece = this.egress.pollStream(); piece !== undefined; piece = this.egress.pollStream()) {
      const { destination, bytes } = piece
      const address = this.#tcpDestinations.get(destination)
      if (address === undefined) this.egress.streamWritten(destination, bytes.length)
      else this.#tcp.write(address, bytes, () => this.egress.streamWritten(destination, bytes.length))
    }
  }

  /** Ends every peer and the port. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const peer of [...this.#peers]) peer.close()
    this.#tcp.closeAll()
    this.egress.close()
    this.#port.close()
  }

  /** Before feedback is looked at, what it speaks of must be known. */
  #collectSent(): void {
    const rows = this.#sentRows
    let count = SENT_ROWS
    while (count === SENT_ROWS) {
      count = this.egress.pollSent(rows)
      for (let i = 0; i < count; i++) {
        const row = i * SENT_ROW.size
        this.#watchers
          .get(rows[row + SENT_ROW.destination]!)
          ?.sent(
            rows[row + SENT_ROW.firstTransportSequence]!,
            rows[row + SENT_ROW.count]!,
            rows[row + SENT_ROW.bytes]!,
            rows[row + SENT_ROW.sentAt]!,
          )
      }
    }
  }

  #handleBatch(batch: UdpBatch): void {
    this.#collectSent()
    const { count, rows, lengths, opened, addresses, arrivedAt } = batch
    const listened = this.#clock.listened()
    for (let i = 0; i < count; i++) {
      const at = Math.round(arrivedAt[i]!)
      const address = addresses[i]!
      if (opened[i] !== 0) this.#demux.find(address)?.handleOpened(listened, at, address, rows[i]!, opened[i]!)
      // Of length 0: too long for its row, and counted by the port.
      else if (lengths[i] !== 0) this.#route(listened, at, address, rows[i]!.subarray(0, lengths[i]))
    }
  }

  #route(listened: Micros, arrivedAt: Micros, address: PeerAddress, bytes: Uint8Array): void {
    this.#demux.route(address, bytes)?.handleDatagram(listened, arrivedAt, address, bytes)
  }

  #send(address: PeerAddress, bytes: Uint8Array): void {
    if (address < FIRST_TCP_ADDRESS) this.#port.send(bytes, address)
    else this.#tcp.send(address, bytes)
  }

  #endpointOf(address: PeerAddress): { ip: string; port: number } | undefined {
    return address < FIRST_TCP_ADDRESS ? this.#port.endpointOf(address) : this.#tcp.endpointOf(address)
  }

  #handleTcpClosed(address: PeerAddress): void {
    const peer = this.#tcpPeers.get(address)
    this.#tcpPeers.delete(address)
    peer?.addressClosed(address)
    for (const [destination, route] of this.#tcpDestinations)
      if (route === address) this.#tcpDestinations.delete(destination)
  }
}
