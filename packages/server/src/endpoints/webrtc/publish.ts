import { randomBytes } from 'node:crypto'
import type { MediaFrame, Micros } from '@crossroom/media'
import {
  RtpReceiver,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type SrtpKeys,
  type ViewerId,
} from '@crossroom/webrtc'
import type { Clock } from '../../hub/index.js'
import type { RtcGateway } from './gateway.js'

export interface RtcPublishOptions {
  readonly gateway: RtcGateway
  readonly media: readonly NegotiatedMedia[]
  readonly clock: Clock
  /** One frame of the chosen layer, in the order of its track. */
  onFrame(frame: MediaFrame): void
}

/** One browser that publishes: RTP in, frames out, and the RTCP that asks it to repair, to refresh and to adapt. */
export class RtcPublish implements MediaReceiver {
  readonly #options: RtcPublishOptions
  readonly #receiver: RtpReceiver
  readonly #layer: Layer
  /** The egress protects our RTCP: it owns every outbound context. */
  #viewer: ViewerId | undefined
  #timerAt: Micros | undefined
  #cancelTimer: (() => void) | undefined
  #closed = false
  bytesIn = 0

  constructor(options: RtcPublishOptions) {
    this.#options = options
    this.#layer = new Layer(options.media)
    this.#receiver = new RtpReceiver({
      now: options.clock.now(),
      media: options.media,
      ssrc: randomBytes(4).readUInt32BE() || 1,
      cname: options.gateway.cname,
    })
  }

  /** Microseconds, as NACKs and their answers show it. */
  get roundTrip(): Micros {
    return this.#receiver.roundTrip
  }

  handleConnected(keys: SrtpKeys, address: PeerAddress | undefined): void {
    if (this.#closed) return
    const { gateway } = this.#options
    const viewer = gateway.egress.addViewer({ keys, route: { kind: 'none' } })
    this.#viewer = viewer
    gateway.egress.updateViewer(viewer, { route: gateway.routeOf(viewer, address) })
  }

  handleMoved(address: PeerAddress | undefined): void {
    const { gateway } = this.#options
    if (this.#viewer !== undefined)
      gateway.egress.updateViewer(this.#viewer, { route: gateway.routeOf(this.#viewer, address) })
  }

  handleRtp(arrivedAt: Micros, packet: Uint8Array): void {
    this.bytesIn += packet.length
    this.#receiver.handleRtp(arrivedAt, packet)
    this.#drain()
  }

  handleRtcp(arrivedAt: Micros, compound: Uint8Array): void {
    this.#receiver.handleRtcp(arrivedAt, compound)
    this.#drain()
  }

  /** Somebody wants to see a picture from its beginning. */
  requestKeyframe(): void {
    const { mid, rid } = this.#layer
    if (mid !== undefined) this.#receiver.requestKeyframe(this.#options.clock.now(), mid, rid)
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

  #drain(): void {
    for (let event = this.#receiver.pollEvent(); event !== undefined; event = this.#receiver.pollEvent()) {
      if (event.kind !== 'frame') continue
      const { mid, rid, frame } = event
      if (frame.config.kind === 'audio' || this.#layer.takes(mid, rid, frame)) this.#options.onFrame(frame)
    }
    for (let output = this.#receiver.pollOutput(); output !== undefined; output = this.#receiver.pollOutput())
      if (this.#viewer !== undefined) this.#options.gateway.egress.rtcp(this.#viewer, output)
    this.#schedule()
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

/** Which simulcast layer becomes the stream: the best one that comes; a lost layer gives way to the next at a keyframe. */
class Layer {
  readonly #order: readonly string[]
  readonly #lastAt = new Map<string, Micros>()
  mid: string | undefined
  rid: string | undefined

  constructor(media: readonly NegotiatedMedia[]) {
    const video = media.find((entry) => entry.kind === 'video')
    this.mid = video?.mid
    this.#order = video?.rids ?? []
    this.rid = this.#order[0]
  }

  takes(mid: string, rid: string | undefined, frame: MediaFrame): boolean {
    if (mid !== this.mid) return false
    if (rid === undefined || this.#order.length === 0) return true
    this.#lastAt.set(rid, frame.receivedAt)
    if (rid !== this.rid && frame.keyframe && this.#isBetter(rid, frame.receivedAt)) this.rid = rid
    return rid === this.rid
  }

  /** Better than the present layer, or the present one has not been heard of for a while. */
  #isBetter(rid: string, now: Micros): boolean {
    const present = this.rid === undefined ? undefined : this.#lastAt.get(this.rid)
    if (present === undefined || now - present > LAYER_LOST) return true
    return this.#order.indexOf(rid) < this.#order.indexOf(this.rid!)
  }
}

/** Layers come at one rate: one that is silent for this long was switched off by the sender. */
const LAYER_LOST: Micros = 1_000_000
