import { createSocket, type Socket } from 'node:dgram'
import { Driver, type DriverClock, type Micros } from '@crossroom/media'
import type { RtcPeer, RtcPeerEvent } from './rtc-peer.js'

/** Connects a peer to its own UDP socket and to the clock. */
export class PeerSocket {
  readonly #peer: RtcPeer
  readonly #driver: Driver<Uint8Array, Uint8Array, RtcPeerEvent>
  #socket: Socket
  #remote: { readonly ip: string; readonly port: number } | undefined

  constructor(peer: RtcPeer, onEvent: (event: RtcPeerEvent) => void) {
    this.#peer = peer
    this.#driver = new Driver(peer, nodeClock, {
      output: (bytes) => {
        if (this.#remote !== undefined) this.#socket.send(bytes, this.#remote.port, this.#remote.ip)
      },
      event: onEvent,
    })
    this.#socket = this.#open()
  }

  /** Sends to the first UDP candidate of a description from now on. Throws when there is none. */
  connect(sdp: string): void {
    const candidate = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/im.exec(sdp)
    if (candidate === null) throw new Error(`no UDP candidate in the description:\n${sdp}`)
    this.#remote = { ip: candidate[1]!, port: Number(candidate[2]) }
    this.tick()
  }

  /** Another network: from now on packets use another address, and packets to the old one are lost. */
  move(): void {
    this.#socket.close()
    this.#socket = this.#open()
  }

  /** Handles everything due, and passes on the peer's output. */
  tick(): void {
    this.#driver.drain()
  }

  /** Says goodbye. Idempotent. */
  close(): void {
    if (this.#driver.isClosed) return
    this.#peer.close(nowMicros())
    this.#driver.drain()
    this.#driver.close()
    this.#socket.close()
  }

  #open(): Socket {
    const socket = createSocket('udp4')
    socket.on('message', (bytes) => {
      if (socket === this.#socket) this.#driver.handleInput(bytes)
    })
    return socket
  }
}

/** The clock of real peers: monotonic. */
export function nowMicros(): Micros {
  return Number(process.hrtime.bigint() / 1000n)
}

/** That clock with Node's timers. */
export const nodeClock: DriverClock = {
  now: nowMicros,
  after: (delay, callback) => {
    const timer = setTimeout(callback, Math.max(0, Math.ceil(delay / 1000)))
    return () => clearTimeout(timer)
  },
}
