import type { Socket } from 'node:net'
import { FIRST_TCP_ADDRESS, FRAME_HEADER_BYTES, FrameReader, writeFrame, type PeerAddress } from '@crossroom/webrtc'
import { rtcLimits } from '../../../config/index.js'
import { plainAddress } from '../../../net/index.js'

/** A TCP connection that carries framed packets (RFC 4571, RFC 6544). */
interface TcpPath {
  readonly socket: Socket
  readonly reader: FrameReader
}

export interface TcpAddressesHandlers {
  /** One packet; the bytes belong to the receiver. */
  packet(address: PeerAddress, bytes: Uint8Array): void
  closed(address: PeerAddress): void
}

/** Numbers the TCP connections of the media port, so that ICE can treat them as it treats UDP addresses. */
export class TcpAddresses {
  readonly #handlers: TcpAddressesHandlers
  readonly #paths = new Map<PeerAddress, TcpPath>()
  #next: PeerAddress = FIRST_TCP_ADDRESS

  constructor(handlers: TcpAddressesHandlers) {
    this.#handlers = handlers
  }

  get size(): number {
    return this.#paths.size
  }

  /** Takes over an accepted connection; the answer is its address. */
  add(socket: Socket): PeerAddress {
    const address = this.#next++
    const path: TcpPath = { socket, reader: new FrameReader() }
    this.#paths.set(address, path)
    socket.on('data', (bytes: Buffer) => this.#read(address, path, bytes))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.#paths.delete(address)
      this.#handlers.closed(address)
    })
    return address
  }

  endpointOf(address: PeerAddress): { ip: string; port: number } | undefined {
    const socket = this.#paths.get(address)?.socket
    if (socket?.remoteAddress === undefined) return undefined
    return { ip: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 }
  }

  /** Sends one packet with its length before it. */
  send(address: PeerAddress, packet: Uint8Array): void {
    const path = this.#paths.get(address)
    if (path === undefined) return
    const framed = new Uint8Array(FRAME_HEADER_BYTES + packet.length)
    writeFrame(packet, framed, 0)
    this.#write(path, framed)
  }

  /** Sends bytes that are framed already; `taken` is called when the kernel has them. */
  write(address: PeerAddress, framed: Uint8Array, taken: () => void): void {
    const path = this.#paths.get(address)
    if (path !== undefined) this.#write(path, framed, taken)
  }

  close(address: PeerAddress): void {
    this.#paths.get(address)?.socket.destroy()
  }

  closeAll(): void {
    for (const { socket } of this.#paths.values()) socket.destroy()
  }

  /** All writes go through here: a peer that does not read uses bounded memory, and the socket watch does the rest. */
  #write({ socket }: TcpPath, framed: Uint8Array, taken?: () => void): void {
    if (socket.writableLength + framed.length > rtcLimits.tcpWaitingBytes) socket.destroy()
    else socket.write(framed, taken)
  }

  #read(address: PeerAddress, path: TcpPath, bytes: Buffer): void {
    // Media is decrypted in place, and Node gives every read its own buffer.
    path.reader.push(bytes)
    for (let packet = path.reader.next(); packet !== undefined; packet = path.reader.next())
      this.#handlers.packet(address, packet)
    if (path.reader.failed) path.socket.destroy()
  }
}
