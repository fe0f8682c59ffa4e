import { nowMicros, PeerSocket } from './peer-socket.js'
import { RtcPeer, type RtcPeerEvent, type RtcPeerOptions } from './rtc-peer.js'
import type { WhepEngine } from './whep-client.js'

export interface RoomPlayerOptions extends WhepEngine, Pick<RtcPeerOptions, 'receive' | 'onPacket'> {
  readonly onEvent?: (event: RtcPeerEvent) => void
}

/** The receiving side of a room member over a real socket: answers the server's offers and receives media. */
export class RoomPlayer {
  readonly peer: RtcPeer
  readonly #socket: PeerSocket

  constructor(options: RoomPlayerOptions) {
    const { onEvent, ...engine } = options
    this.peer = new RtcPeer({ ...engine, now: nowMicros(), random: Math.random, direction: 'recvonly' })
    this.#socket = new PeerSocket(this.peer, (event) => onEvent?.(event))
  }

  /** Answers an offer; checks begin at once. Throws SdpError. */
  answer(offer: string): string {
    const answer = this.peer.answer(nowMicros(), offer)
    this.#socket.connect(offer)
    return answer
  }

  /** Sends a plaintext RTCP compound of the test's own. */
  sendRtcp(compound: Uint8Array): void {
    this.peer.sendRtcp(compound)
    this.#socket.tick()
  }

  /** From now on by another address, as after a change of network. */
  move(): void {
    this.#socket.move()
  }

  /** Idempotent. */
  close(): void {
    this.#socket.close()
  }
}
