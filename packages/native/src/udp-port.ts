import type {
  SrtpInbound,
  UdpAddress,
  UdpBatch,
  UdpEndpoint,
  UdpPort,
  UdpPortCounters,
  UdpPortOptions,
} from '@crossroom/webrtc'
import type { Addon, PortHandle } from './addon.js'
import { NativeSrtpInbound } from './srtp.js'

/** UDP_BATCH_ROWS and UDP_ROW_BYTES of c/udp_socket.h. */
const BATCH_ROWS = 256
const ROW_BYTES = 2048
const DEFAULT_BUFFER = 4 * 1024 * 1024
/** One-based: FIRST_TCP_ADDRESS and above are the server's. */
const LAST_UDP_ADDRESS = 2 ** 31 - 1

class ReusedBatch implements UdpBatch {
  count = 0
  readonly rowSize = ROW_BYTES
  readonly bytes = new Uint8Array(BATCH_ROWS * ROW_BYTES)
  readonly lengths = new Uint16Array(BATCH_ROWS)
  readonly addresses = new Uint32Array(BATCH_ROWS)
  readonly arrivedAt = new Float64Array(BATCH_ROWS)
  readonly opened = new Int16Array(BATCH_ROWS)
  readonly rows = Array.from({ length: BATCH_ROWS }, (_, row) =>
    this.bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES),
  )
}

/** A UDP socket made in C (c/udp_socket.c), polled by the event loop of the thread that opened it. */
export class NativeUdpPort implements UdpPort {
  readonly port: number
  readonly #addon: Addon
  readonly #closed: () => void
  readonly #endpoint = new Uint32Array(2)
  readonly #counters = new Float64Array(9)
  #handle: PortHandle | undefined

  constructor(addon: Addon, options: UdpPortOptions, closed: () => void) {
    this.#addon = addon
    this.#closed = closed
    const { host, port, receiveBuffer = DEFAULT_BUFFER, sendBuffer = DEFAULT_BUFFER } = options
    this.#handle = addon.udpOpen(host, port, receiveBuffer, sendBuffer)
    this.port = addon.udpBoundPort(this.#handle)
  }

  /** For the egress of the same package; throws when the port is closed. */
  get handle(): PortHandle {
    if (!this.#handle) throw new Error('the UDP port is closed')
    return this.#handle
  }

  start(onBatch: (batch: UdpBatch) => void): void {
    const batch = new ReusedBatch()
    const { bytes, lengths, addresses, arrivedAt, opened } = batch
    this.#addon.udpStart(this.handle, bytes, lengths, addresses, arrivedAt, opened, (count) => {
      batch.count = count
      onBatch(batch)
    })
  }

  send(datagram: Uint8Array, address: UdpAddress): boolean {
    if (!this.#handle || !(address > 0 && address <= LAST_UDP_ADDRESS)) return false
    return this.#addon.udpSend(this.#handle, datagram, address) === 0
  }

  addressOf(ip: string, port: number): UdpAddress | undefined {
    const address = this.#addon.udpAddressOf(this.handle, ip, port)
    return address === 0 ? undefined : address
  }

  endpointOf(address: UdpAddress): UdpEndpoint | undefined {
    if (!this.#handle || !(address > 0 && address <= LAST_UDP_ADDRESS)) return undefined
    const ip = this.#addon.udpEndpointOf(this.#handle, address, this.#endpoint)
    if (ip === undefined) return undefined
    return { ip, family: this.#endpoint[0] === 4 ? 4 : 6, port: this.#endpoint[1]! }
  }

  pin(address: UdpAddress): void {
    if (this.#handle) this.#addon.udpPin(this.#handle, address, true)
  }

  unpin(address: UdpAddress): void {
    if (this.#handle) this.#addon.udpPin(this.#handle, address, false)
  }

  openMedia(address: UdpAddress, inbound: SrtpInbound | undefined): void {
    if (!this.#handle || !(address > 0 && address <= LAST_UDP_ADDRESS)) return
    const handle = inbound instanceof NativeSrtpInbound ? inbound.handle : undefined
    this.#addon.udpOpenMedia(this.#handle, address, handle)
  }

  counters(): UdpPortCounters {
    const row = this.#counters
    if (this.#handle) this.#addon.udpCounters(this.#handle, row)
    return {
      receivedPackets: row[0]!,
      receivedBytes: row[1]!,
      sentPackets: row[2]!,
      sentBytes: row[3]!,
      sendDropped: row[4]!,
      sendFailed: row[5]!,
      unplaced: row[6]!,
      truncated: row[7]!,
      kernelDropped: row[8]!,
    }
  }

  close(): void {
    if (!this.#handle) return
    this.counters()
    this.#addon.udpClose(this.#handle)
    this.#handle = undefined
    this.#closed()
  }
}
