import { createSocket, type Socket } from 'node:dgram'
import type { Micros } from '@crossroom/media'
import type { RtcPeer, RtcPeerEvent } from './rtc-peer.js'

/** Joins a peer to a UDP socket of its own and to the clock. */
export class PeerSocket {
  readonly #peer: RtcPeer
  readonly #onEvent: (event: RtcPeerEvent) => void
  #socket: Socket
  #remote: { readonly ip: string; readonly port: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(peer: RtcPeer, onEvent: (event: RtcPeerEvent) => void) {
    this.#peer = peer
    this.#onEvent = onEvent
    this.#socket = this.#open()
  }

  /** Sends to the first UDP candidate of a description from now on. Throws when there is none. */
  connect(sdp: string): void {
    const candidate = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/im.exec(sdp)
    if (candidate === null) throw new Error(`no UDP candidate in the description:\n${sdp}`)
    this.#remote = { ip: candidate[1]!, port: Number(candidate[2]) }
    this.tick()
  }

  /** Another network: from now on everything goes by another address, and what comes to the old one is lost. */
  move(): void {
    this.#socket.close()
    this.#socket = this.#open()
  }

  /** Does what is due, and passes on what the peer has. */
  tick(): void {
    this.#peer.handleTimeout(nowMicros())
    this.#drain()
  }

  /** Says goodbye. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#peer.close(nowMicros())
    this.#flush()
    this.#socket.close()
  }

  #open(): Socket {
    const socket = createSocket('udp4')
    socket.on('message', (bytes) => {
      if (this.#isClosed || socket !== this.#socket) return
      this.#peer.handleInput(nowMicros(), bytes)
      this.#drain()
    })
    return socket
  }

  #drain(): void {
    for (let event = this.#peer.pollEvent(); event !== undefined; event = this.#peer.pollEvent()) this.#onEvent(event)
    this.#flush()
    clearTimeout(this.#timer)
    const at = this.#peer.pollTimeout()
    if (at === undefined || this.#isClosed) return
    this.#timer = setTimeout(() => this.tick(), Math.max(0, Math.ceil((at - nowMicros()) / 1000)))
  }

  #flush(): void {
    for (let out = this.#peer.pollOutput(); out !== undefined; out = this.#peer.pollOutput()) {
      if (this.#remote !== undefined) this.#socket.send(out, this.#remote.port, this.#remote.ip)
    }
  }
}

/** The clock of real peers: monotonic. */
export function nowMicros(): Micros {
  return Number(process.hrtime.bigint() / 1000n)
}
