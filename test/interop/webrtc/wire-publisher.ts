import { FlvTagReader, isVideoFrame, type FlvTag, type MediaFrame, type VideoFrame } from '@crossroom/media'
import { PEER_PAYLOAD_TYPES } from '@crossroom/testkit'
import {
  H264Packetizer,
  parseCompound,
  PayloadBuffer,
  RTP_FIXED_HEADER_LENGTH,
  rtpTimestampFromMicros,
  VIDEO_CLOCK_RATE,
  writeRtpHeader,
} from '@crossroom/webrtc'
import { until } from '../../harness/index.js'
import { WirePeer } from './wire-peer.js'

/** As in every offer of the testkit's peer. */
const VIDEO_SSRC = 0x01de0
const TICK_MS = 10

/** Publishes recorded H.264 pictures once by WHIP, in real time, as an encoder does that hears no request for a keyframe. */
export class WirePublisher {
  /** Requests for a keyframe that came, and were not answered. */
  requests = 0
  /** Pictures sent. */
  sent = 0
  readonly #pictures: readonly VideoFrame[]
  readonly #packetizer = new H264Packetizer()
  readonly #payloads = new PayloadBuffer()
  #wire!: WirePeer
  #timer: NodeJS.Timeout | undefined
  #sequence = 0

  private constructor(tags: readonly FlvTag[]) {
    const reader = new FlvTagReader()
    const frames: MediaFrame[] = []
    for (const { type, timestampMs, body } of tags) reader.readTag(type, timestampMs, body, 0, frames)
    this.#pictures = frames.filter(isVideoFrame)
  }

  /** Resolves when the first pictures are sent. */
  static async publish(url: string, tags: readonly FlvTag[]): Promise<WirePublisher> {
    const publisher = new WirePublisher(tags)
    const onRtcp = (compound: Uint8Array): void => {
      publisher.requests += parseCompound(compound)?.filter(({ type }) => type === 'pli' || type === 'fir').length ?? 0
    }
    publisher.#wire = await WirePeer.post(url, { direction: 'sendonly', onRtcp })
    publisher.#wire.useUdp()
    await until('the publisher to be connected', () => publisher.#wire.peer.isConnected)
    const from = performance.now()
    publisher.#timer = setInterval(() => publisher.#sendUntil(performance.now() - from), TICK_MS)
    await until('the first pictures to be sent', () => publisher.sent > 2)
    return publisher
  }

  /** Whether the server still knows the session. */
  isKnown(): Promise<boolean> {
    return this.#wire.isKnown()
  }

  get isClosed(): boolean {
    return this.#wire.closedAt !== undefined
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#wire.close()
  }

  #sendUntil(playedMs: number): void {
    for (; this.sent < this.#pictures.length; this.sent++) {
      const picture = this.#pictures[this.sent]!
      if (picture.dts > playedMs * 1000) return
      this.#packetizer.packetize(picture, this.#payloads)
      this.#wire.sendRtp(Array.from({ length: this.#payloads.count }, (_, index) => this.#packetOf(picture, index)))
    }
  }

  #packetOf({ pts }: VideoFrame, index: number): Uint8Array {
    const payload = this.#payloads.packet(index)
    const packet = new Uint8Array(RTP_FIXED_HEADER_LENGTH + payload.length)
    const header = {
      marker: index === this.#payloads.count - 1,
      payloadType: PEER_PAYLOAD_TYPES.h264,
      sequenceNumber: this.#sequence++ & 0xffff,
      timestamp: rtpTimestampFromMicros(pts, VIDEO_CLOCK_RATE),
      ssrc: VIDEO_SSRC,
    }
    packet.set(payload, writeRtpHeader(header, packet, 0))
    return packet
  }
}
