import { randomBytes } from 'node:crypto'
import type { MediaFrame, Micros } from '@crossroom/media'
import {
  RtpReceiver,
  type CodecWish,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type SrtpKeys,
  type ViewerId,
} from '@crossroom/webrtc'
import type { Clock } from '../../hub/index.js'
import type { RtcGateway } from './gateway.js'

/** H.264 first: phones play it as it is. Everything else has to be converted for them. */
export const PUBLISH_WISHES: { readonly audio: readonly CodecWish[]; readonly video: readonly CodecWish[] } = {
  audio: [{ codec: 'opus', useRed: true }],
  video: [{ codec: 'h264' }, { codec: 'vp8' }, { codec: 'vp9' }, { codec: 'av1' }, { codec: 'h265' }],
}

/** How the path from a browser is. */
export interface UplinkPath {
  /** As NACKs and their answers show it. */
  readonly roundTrip: Micros
  /** Share of the packets that the network lost in the last second, 0 to 1. */
  readonly lossFraction: number
}

export interface RtcPublishOptions {
  readonly gateway: RtcGateway
  readonly media: readonly NegotiatedMedia[]
  readonly clock: Clock
  /** One frame of one layer of one m-line, in the order of its layer. */
  onFrame(mid: string, rid: string | undefined, frame: MediaFrame): void
}

/** One browser that publishes: RTP in, frames out, and the RTCP that asks it to repair, to refresh and to adapt. */
export class RtcPublish implements MediaReceiver {
  readonly #options: RtcPublishOptions
  readonly #receiver: RtpReceiver
  /** The egress protects our RTCP: it owns every outbound context. */
  #viewer: ViewerId | undefined
  #timerAt: Micros | undefined
  #cancelTimer: (() => void) | undefined
  #draining = false
  #closed = false
  bytesIn = 0

  constructor(options: RtcPublishOptions) {
    this.#options = options
    this.#receiver = new RtpReceiver({
      now: options.clock.now(),
      media: options.media,
      ssrc: randomBytes(4).readUInt32BE() || 1,
      cname: options.gateway.cname,
      frames: options.gateway.frames,
    })
  }

  get path(): UplinkPath {
    const { roundTrip, lossFraction } = this.#receiver
    return { roundTrip, lossFraction }
  }

  /** Takes the m-lines of a renegotiation; those that stay go on. */
  setMedia(media: readonly NegotiatedMedia[]): void {
    this.#receiver.setMedia(media)
    this.#schedule()
  }

  handleConnected(keys: SrtpKeys, address: PeerAddress | undefined): void {
    if (this.#closed) return
    const { gateway } = this.#options
    const viewer = gateway.egress.addViewer({ keys, route: { kind: 'none' } })
    this.#viewer = viewer
    gateway.egress.updateViewer(viewer, { route: gateway.routeOf(viewer, address) })
  }

  handleMoved(address: PeerAddress | undefined): void {
    const { gateway, clock } = this.#options
    if (this.#viewer === undefined) return
    gateway.egress.updateViewer(this.#viewer, { route: gateway.routeOf(this.#viewer, address) })
    this.#receiver.pathChanged()
    this.#receiver.handleTimeout(clock.now())
    this.#drain()
  }

  handleRtp(arrivedAt: Micros, packet: Uint8Array, length: number): void {
    this.bytesIn += length
    this.#receiver.handleRtp(arrivedAt, packet, length)
    if (!this.#receiver.isQuiet) this.#drain()
  }

  handleRtcp(arrivedAt: Micros, compound: Uint8Array): void {
    this.#receiver.handleRtcp(arrivedAt, compound)
    this.#drain()
  }

  /** Somebody wants to see a layer of a picture from its beginning. */
  requestKeyframe(mid: string, rid: string | undefined): void {
    this.#receiver.requestKeyframe(this.#options.clock.now(), mid, rid)
    this.#drain()
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer?.()
    if (this.#viewer === undefined) return
    this.#options.gateway.forgetViewer(this.#viewer)
    this.#options.gateway.egress.removeViewer(this.#viewer)
  }

  /** A viewer that is handed a frame may ask for a keyframe inside that call: frames keep their order all the same. */
  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let event = this.#receiver.pollEvent(); event !== undefined; event = this.#receiver.pollEvent())
        if (event.kind === 'frame' && !this.#closed) this.#options.onFrame(event.mid, event.rid, event.frame)
    } finally {
      this.#draining = false
    }
    for (let output = this.#receiver.pollOutput(); output !== undefined; output = this.#receiver.pollOutput())
      if (this.#viewer !== undefined && !this.#closed) this.#options.gateway.egress.rtcp(this.#viewer, output)
    if (!this.#receiver.isPunctual) this.#schedule()
  }

  /** A timer that is early asks again, which costs less than one more timer per packet. */
  #schedule(): void {
    if (this.#closed) return
    const at = this.#receiver.pollTimeout()
    if (at === undefined || (this.#timerAt !== undefined && this.#timerAt <= at)) return
    this.#cancelTimer?.()
    this.#timerAt = at
    this.#cancelTimer = this.#options.clock.after(at - this.#options.clock.now(), this.#handleTimer)
  }

  readonly #handleTimer = (): void => {
    this.#timerAt = undefined
    if (this.#closed) return
    this.#receiver.handleTimeout(this.#options.clock.now())
    this.#drain()
  }
}
