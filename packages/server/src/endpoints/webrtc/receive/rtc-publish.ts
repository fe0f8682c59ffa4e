import { randomBytes } from 'node:crypto'
import { Driver, type MediaFrame, type Micros } from '@crossroom/media'
import {
  RtpReceiver,
  type CodecPreference,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type RtpReceiverEvent,
  type SrtpKeys,
  type DestinationId,
} from '@crossroom/webrtc'
import type { Clock } from '../../../hub/index.js'
import type { RtcGateway } from '../port/index.js'

/** H.264 first: phones play it as it is. Everything else has to be converted for them. */
export const PUBLISH_CODECS: {
  readonly audio: readonly CodecPreference[]
  readonly video: readonly CodecPreference[]
} = {
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
  #destination: DestinationId | undefined
  readonly #driver: Driver<Uint8Array, Uint8Array, RtpReceiverEvent>
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
    // A viewer that is handed a frame may ask for a keyframe inside that call.
    this.#driver = new Driver(this.#receiver, options.clock, {
      output: (compound) => this.#send(compound),
      event: (event) => {
        if (event.kind === 'frame') options.onFrame(event.mid, event.rid, event.frame)
      },
    })
  }

  get path(): UplinkPath {
    const { roundTrip, lossFraction } = this.#receiver
    return { roundTrip, lossFraction }
  }

  /** Takes the m-lines of a renegotiation; those that stay go on. */
  setMedia(media: readonly NegotiatedMedia[]): void {
    this.#receiver.setMedia(media)
    this.#driver.drain()
  }

  handleConnected(keys: SrtpKeys, address: PeerAddress | undefined): void {
    if (this.#driver.isClosed) return
    const { gateway } = this.#options
    const destination = gateway.egress.addDestination({ keys, route: { kind: 'none' } })
    this.#destination = destination
    gateway.egress.updateDestination(destination, { route: gateway.routeOf(destination, address) })
  }

  handleMoved(address: PeerAddress | undefined): void {
    const { gateway } = this.#options
    if (this.#destination === undefined) return
    gateway.egress.updateDestination(this.#destination, { route: gateway.routeOf(this.#destination, address) })
    this.#receiver.pathChanged()
    this.#driver.drain()
  }

  handleRtp(arrivedAt: Micros, packet: Uint8Array, length: number): void {
    this.bytesIn += length
    this.#receiver.handleRtp(arrivedAt, packet, length)
    this.#driver.drain(arrivedAt)
  }

  handleRtcp(arrivedAt: Micros, compound: Uint8Array): void {
    this.#receiver.handleRtcp(arrivedAt, compound)
    this.#driver.drain(arrivedAt)
  }

  /** A viewer needs a layer from its next keyframe. */
  requestKeyframe(mid: string, rid: string | undefined): void {
    this.#receiver.requestKeyframe(this.#options.clock.now(), mid, rid)
    this.#driver.drain()
  }

  /** Idempotent. */
  close(): void {
    if (this.#driver.isClosed) return
    this.#driver.close()
    if (this.#destination === undefined) return
    this.#options.gateway.forget(this.#destination)
    this.#options.gateway.egress.removeDestination(this.#destination)
  }

  #send(compound: Uint8Array): void {
    if (this.#destination !== undefined) this.#options.gateway.egress.rtcp(this.#destination, compound)
  }
}
